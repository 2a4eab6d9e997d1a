// Tells how long this page was in sight, when it goes out of sight. The page works without.
(() => {
  const page = document.querySelector("[data-reading]");
  if (!page || !navigator.sendBeacon) return;
  let seen = 0;
  let since = document.hidden ? null : performance.now();
  const tell = () => {
    if (since === null) return;
    seen += performance.now() - since;
    since = null;
    const told = new URLSearchParams({ visit: page.dataset.visit, seconds: String(Math.round(seen / 1000)) });
    navigator.sendBeacon(page.dataset.reading, told);
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) tell();
    else since = performance.now();
  });
  addEventListener("pagehide", tell);
})();
