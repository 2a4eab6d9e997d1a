// Keeps the live card live: while the page is seen, its card is fetched anew every few seconds. The page works without.
(() => {
  const PAUSE = 5000;
  const renew = async () => {
    const card = document.querySelector("[data-live]");
    if (!card || document.hidden || card.contains(document.activeElement)) return;
    try {
      const answer = await fetch(card.dataset.live, { cache: "no-store", redirect: "error" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
      if (fresh) card.replaceWith(fresh);
    } catch {
      // Offline: the card keeps its figures, and says as of when they are.
    }
  };
  const go = async () => {
    await renew();
    setTimeout(go, PAUSE);
  };
  document.addEventListener("visibilitychange", renew);
  setTimeout(go, PAUSE);
})();
