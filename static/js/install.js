// Registers the service worker, which makes the site installable. Browsers have none on plain http.
const { serviceWorker } = document.querySelector("link[rel=manifest]")?.dataset ?? {};

if (serviceWorker && "serviceWorker" in navigator)
  navigator.serviceWorker
    .register(serviceWorker, { scope: "/", updateViaCache: "none" })
    .catch((error) => console.warn("no service worker:", error.message));
