"""Products online (产品在线): catalogue, stock, shops, shelves. Called by customers and everything above."""
