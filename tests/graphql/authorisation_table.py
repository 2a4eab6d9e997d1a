"""Who may read which field: written by hand, and the whole of it. A test proves that the schema has no other field.

`name` is for whoever holds the object; `name!` has rows of its own in `authorisation_cells`: some who hold the object
may not read it, or see less of it. Every root field has rows. Edges and connections are for whoever gets them.
"""

FIELDS = {
    # Roots.
    "Query": "node! viewer! shop! dashboard! hotProducts! orderQuote! freightTemplate! freightTemplates! "
    "freightQuote! invoices! invoiceTerms! pickupStores! orders! ordersToShip! pickups! "
    "locations! stockTransfers! afterSales! quotations! quotation! products! priceLists! stores! "
    "orgUnits! employees! attributionPolicy! commissionPlan! withdrawals! couponTemplates! couponFigures! materials! "
    "posterTemplates! posters! outboundRules! subscriptionsLeft! careTasks! shelfRules! redeemable!",
    "Mutation": "signInCodeRequest! signIn! sessionRefresh! signOut! codeScan! codeCreate! codeRevoke! orderPlace! "
    "orderCancel! orderShip! orderConfirmReceipt! orderMakeReady! orderHandOver! orderRefuse! orderReroute! "
    "paymentStart! freightTemplatePublish! invoiceRequest! invoiceWithdraw! invoiceIssue! invoiceReject! "
    "invoiceTermsPublish! shelfItemUpdate! "
    "quotationCreate! quotationWithdraw! quotationAccept! quotationDecline! "
    "paymentStart! shelfItemUpdate! "
    "employeeCreate! orgUnitCreate! storeCreate! categoryCreate! "
    "productCreate! productUpdate! productPicturesSet! productOptionsSet! priceListPublish! priceListEnd! "
    "stockAdjust! locationUpdate! stockTransferRequest! stockTransferSend! "
    "stockTransferReceive! stockTransferCancel! attributionPolicyPublish! commissionPlanPublish! "
    "afterSaleRequest! afterSaleWithdraw! afterSaleReturnShip! afterSaleDecide! afterSaleReceive! "
    "afterSaleRefundRetry! withdrawalRequest! withdrawalDecide! couponTemplateCreate! couponTemplateRevoke! "
    "couponClaim! couponGive! couponRevoke! couponTransferOffer! couponTransferTake! "
    "materialCreate! materialUpdate! materialWithdraw! materialShare! customerMessageSend! outboundRuleSet! "
    "customerSubscriptionGrant! careTaskClose! "
    "posterTemplateCreate! posterTemplateUpdate! posterRender! posterBatchStart! "
    "shelfSectionSave! shelfSectionDelete! shelfWordsTakeDown! shelfRuleCreate! shelfRuleEnd! redeem!",
    "Subscription": "guidePulse! salesPulse!",
    # People and places.
    "Viewer": "brand customer employee",
    "Brand": "id code name currency timeZone",
    "OrgUnit": "id code name kind parent!",
    "Store": "id name city address openingHours code! operator! legalEntity! territory! orgUnit!",
    "OpeningHours": "weekday opens closes",
    "Guide": "id displayName title avatarUrl store",
    "Employee": "id employeeNumber displayName title role functions state store guide shop today! commission! "
    "commissionEntries! commissionStatement! withdrawals! customers! orders! trainingAssignments! shares! inbox!",
    "GuideDay": "visits newCustomers orders netSales commission",
    "CommissionBalance": "asOf estimated held payable paid debt",
    "Customer": "id displayName phoneMasked! guide! binding! lastTouchAt! tags! orderCount! netSales! orders! coupons! "
    "outboundMessages! maySend!",
    "Tag": "id name",
    "Binding": "id state boundAt protectedUntil expiresAt guide",
    "Touchpoint": "id kind channel occurredAt guide",
    "Session": "accessToken refreshToken expiresAt",
    # Shop and goods.
    "Shop": "id slug name announcement guide codeUrl shelf! campaigns sections",
    "ShelfItem": "id position isFeatured isHidden badge product isPinned sectionId words pictureUrls ownWords!",
    "OwnWords": "words pictureUrls takenDownReason isForbidden",
    "ShelfSection": "id name position",
    "ShelfRule": "id kind position reason startsAt endsAt orgUnit product",
    "Campaign": "id kind title startsAt endsAt",
    "Product": "id title description state coverUrl price marketPrice skus category pictures options",
    "Picture": "url width height alt",
    "ProductOption": "name values",
    "PriceList": "id name startsAt endsAt orgUnit prices",
    "ListedPrice": "sku price marketPrice",
    "Sku": "id name code barcode price marketPrice choices weightGrams isInStock isDeliverable pickupStoreCount stock! "
    "stockLevels!",
    "StockLevel": "locationId locationName kind onHand reserved available",
    "Location": "id kind name shipsOrders store",
    "StockTransfer": "id state note differenceNote requestedAt sentAt receivedAt cancelledAt fromLocation toLocation "
    "lines",
    "StockTransferLine": "requested sent received difference sku",
    "PickupStore": "store hasAll",
    "Category": "id name parent",
    "Money": "minor currency display",
    "Code": "id token url imageUrl kind label scanCount isRevoked",
    "PosterTemplate": "id title version needsProduct isWithdrawn previewUrl",
    "Poster": "id state failure imageUrl createdAt issuedCode",
    "PosterBatch": "id state total ready failed waiting startedAt endedAt",
    # Coupons.
    "CouponTemplate": "id title kind amount percentBp minimumSpend productIds quantity perPerson claimFrom claimUntil "
    "validDays isListed isRevoked issuedCount! claimedCount! usedCount! careScript!",
    "Coupon": "id state claimedAt expiresAt template code!",
    "Redeemable": "store order couponTemplate expiresAt choices",
    "CouponTransfer": "token coupon",
    "CouponFiguresRow": "key label issued claimed shared stepped transferred cared caredDone used",
    "CareTask": "id state reason openingWords openedAt dueAt closedAt note customer coupon",
    # Trade.
    "Quote": "lines adjustments subtotal discount freight isFreightEstimate total",
    "QuoteLine": "quantity unitPrice discount total isAvailable sku",
    "QuoteAdjustment": "label amount",
    "Order": "id number state placedAt payBy fulfilment shippedAt deliveredAt completedAt subtotal discount freight "
    "total refunded lines guide! shop! customer! store pickupStore pickupCode! deliveryAddress! "
    "stockPlace! isStranded! shipments afterSales! invoice! allowedActions! "
    "attribution! quotation",
    "OrderLine": "id quantity refundableQuantity unitPrice total sku product shares!",
    "Quotation": "id state isNamed subtotal note createdAt expiresAt endedAt lines guide shop customer order "
    "issuedCode!",
    "QuotationLine": "title skuName quantity unitPrice total sku",
    "Shipment": "carrier trackingNumber shippedAt",
    "AfterSale": "id state kind quantity reason evidenceUrls refund requestedAt dueAt decidedAt comment returnCarrier "
    "returnTrackingNumber refundedAt order line returnAddress allowedActions!",
    # Freight and invoices.
    "FreightTemplate": "id version name chargedBy pieceGrams startsAt publishedAt rates",
    "FreightRate": "regions isDelivered firstUnits firstFee furtherUnits furtherFee freeFrom",
    "FreightQuote": "freight template regions",
    "Invoice": "id state orderNumber titleKind title taxNumber email phone amount requestedAt decidedAt issuedAt "
    "reason failure blue reds allowedActions!",
    "InvoiceDocument": "kind state number sellerName sellerTaxNumber amount net tax issuedAt lines",
    "InvoiceLine": "name quantity amount net tax taxRateBp",
    "InvoiceTerms": "version sellerName sellerTaxNumber taxRateBp",
    "PostalAddress": "recipient phone province city district street",
    "Payment": "id state amount clientParameters",
    # Attribution and commission.
    "AttributionPolicy": "id version publishedAt bindOn renewOn bindingMode validityDays takeover protectionDays "
    "lastTouchDays selfPurchase offlineSplitBp fulfilmentStoreBp",
    "CommissionPlan": "id version publishedAt holdDays rules",
    "CommissionRule": "rateBp role productId categoryId orgUnitId",
    "Attribution": "decidedAt policyVersion rule explanation candidates! shares! myOutcome! myReason!",
    "AttributionCandidate": "outcome reason guide touchpoint",
    "AttributionShare": "role performanceBp performance commission party",
    "CommissionEntry": "id kind state role amount bookedAt payableAt isPaused order reverses",
    "Withdrawal": "id state amount employee requestedAt decidedAt comment paidAt failureReason",
    "CommissionStatement": "month firstDay lastDay asOf opening earned reversed paidOut closing",
    "CommissionStatementBalance": "held disputed payable inPayout debt total",
    "GuidePulse": "at kind commission rule payableOn order",
    # The boss's figures.
    "Dashboard": "asOf period sales traffic commission breakdown",
    "Period": "from to",
    "SalesFigures": "orders customers grossSales refunds netSales averageOrderValue repeatPurchaseRate",
    "TrafficFigures": "visits visitors newCustomers conversionRate",
    "CommissionFigures": "held payable paid debt",
    "Breakdown": "rows",
    "BreakdownRow": "key label orders quantity netSales",
    "HotProductReport": "period productCount soldProductCount netSales topCount topNetSales topShare hottest "
    "runningOut idle",
    "HotProduct": "productId title quantity netSales share cumulativeShare stock daysLeft",
    "SalesPulse": "asOf kind order today",
    "SalesToday": "orders netSales",
    # Messages to customers.
    "OutboundMessage": "id channel kind text subjectId state reason requestedAt decidedAt dueAt againAt sentAt",
    "OutboundAnswer": "state reason dueAt againAt",
    "OutboundRule": "channel most period days quietFrom quietUntil setAt",
    # The toolbox.
    "Material": "id kind title body coverUrl attachmentUrls version changedAt isWithdrawn products script! audience!",
    "StaffAudience": "orgUnits roles employees",
    "Share": "id material channel text issuedCode sharedAt openCount visitorCount newCustomerCount boundCount "
    "readingSeconds orderCount netSales lastOpenedAt guide openers",
    "ShareOpener": "isCustomer openCount firstOpenedAt lastOpenedAt readingSeconds isNew isBound customer!",
    # Training: types that the guide's home names, without content yet.
    "TrainingAssignment": "id state dueAt attemptsLeft task submissions",
    "TrainingTask": "id title kind state body dueAt questions",
    "TrainingSubmission": "id submittedAt scorePercent outcome comment",
    "Question": "id text kind choices",
    "Choice": "id text",
    "InboxMessage": "id kind title body sentAt readAt subject",
    # Payloads.
    "SignInCodeRequestPayload": "sentTo retryAfterSeconds",
    "SignInPayload": "session viewer",
    "SessionRefreshPayload": "session",
    "SignOutPayload": "endedSessions",
    "CodeScanPayload": "visitorToken touchpoint shop binding material",
    "CodeCreatePayload": "issuedCode",
    "CodeRevokePayload": "revokedCode replacement",
    "OrderPlacePayload": "order",
    "OrderCancelPayload": "order",
    "OrderShipPayload": "order",
    "OrderConfirmReceiptPayload": "order",
    "OrderMakeReadyPayload": "order",
    "OrderHandOverPayload": "order",
    "OrderRefusePayload": "order",
    "OrderReroutePayload": "order",
    "PaymentStartPayload": "payment",
    "FreightTemplatePublishPayload": "freightTemplate",
    **dict.fromkeys([f"Invoice{step}Payload" for step in ("Request", "Withdraw", "Issue", "Reject")], "invoice"),
    "InvoiceTermsPublishPayload": "terms",
    "ShelfItemUpdatePayload": "shelfItem",
    "ShelfSectionSavePayload": "sections",
    "ShelfSectionDeletePayload": "sections",
    "ShelfWordsTakeDownPayload": "shelfItemId",
    "ShelfRuleCreatePayload": "rule",
    "ShelfRuleEndPayload": "rule",
    "RedeemPayload": "order couponTemplate sku worth",
    "EmployeeCreatePayload": "employee",
    "OrgUnitCreatePayload": "orgUnit",
    "StoreCreatePayload": "store",
    "CategoryCreatePayload": "category",
    "ProductCreatePayload": "product",
    "ProductUpdatePayload": "product",
    "ProductPicturesSetPayload": "product",
    "ProductOptionsSetPayload": "product",
    "PriceListPublishPayload": "priceList",
    "PriceListEndPayload": "priceList",
    "StockAdjustPayload": "sku",
    "LocationUpdatePayload": "location",
    **dict.fromkeys([f"StockTransfer{step}Payload" for step in ("Request", "Send", "Receive", "Cancel")], "transfer"),
    **dict.fromkeys(
        [
            f"AfterSale{step}Payload"
            for step in ("Request", "Withdraw", "ReturnShip", "Decide", "Receive", "RefundRetry")
        ],
        "afterSale",
    ),
    "AttributionPolicyPublishPayload": "policy",
    "CommissionPlanPublishPayload": "plan",
    "PosterTemplateCreatePayload": "posterTemplate",
    "PosterTemplateUpdatePayload": "posterTemplate",
    "PosterRenderPayload": "poster",
    "PosterBatchStartPayload": "posterBatch",
    "QuotationCreatePayload": "quotation",
    "QuotationWithdrawPayload": "quotation",
    "QuotationAcceptPayload": "order",
    "QuotationDeclinePayload": "quotation",
    "CouponTemplateCreatePayload": "couponTemplate",
    "CouponTemplateRevokePayload": "couponTemplate",
    "CouponClaimPayload": "coupon",
    "CouponGivePayload": "coupon",
    "CouponRevokePayload": "coupon",
    "CouponTransferOfferPayload": "transfer",
    "CouponTransferTakePayload": "coupon",
    "WithdrawalRequestPayload": "withdrawal",
    "WithdrawalDecidePayload": "withdrawal",
    **dict.fromkeys([f"Material{step}Payload" for step in ("Create", "Update", "Withdraw")], "material"),
    "MaterialSharePayload": "share",
    "CustomerMessageSendPayload": "outboundMessage",
    "OutboundRuleSetPayload": "rule",
    "CustomerSubscriptionGrantPayload": "left",
    "CareTaskClosePayload": "careTask",
    # User errors with facts.
    "InvalidInput": "code message path",
    "NotFound": "code message path",
    "Conflict": "code message path",
    "IdempotencyConflict": "code message path",
    "WrongState": "code message path state",
    "DeadlinePassed": "code message path",
    "RateLimited": "code message path retryAfterSeconds",
    "SignInRefused": "code message path attemptsLeft",
    "PriceChanged": "code message path total",
    "AmountTooLarge": "code message path limit",
    "CouponUnavailable": "code message path reason",
    "InsufficientStock": "code message path shortages",
    "Shortage": "sku requested available",
    "PageInfo": "hasNextPage hasPreviousPage startCursor endCursor",
}

MORE_OF_CONNECTIONS = {"InboxMessageConnection": "unreadCount"}
"""What a connection has beside totalCount, pageInfo and edges."""

WITHOUT_NODE = {
    *("Campaign", "Tag"),
    *("InboxMessage", "TrainingAssignment", "TrainingSubmission", "TrainingTask"),
}
"""Types with a global id of which nothing can be made yet: nobody finds one."""


def public_fields(type_name: str) -> list[str]:
    return [name for name in FIELDS[type_name].split() if not name.endswith("!")]


def guarded_fields() -> set[str]:
    """`Type.field` of every field that needs rows of its own."""
    return {f"{kind}.{name[:-1]}" for kind, names in FIELDS.items() for name in names.split() if name.endswith("!")}
