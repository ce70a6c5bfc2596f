/**
 * Fetches the region marked `data-live` again and again, so that new orders, payments and refunds show by
 * themselves. The pages work without it. What comes is the server's own escaped HTML.
 */
'use strict';

(() => {
  const REFRESH_MS = 2000;
  const region = document.querySelector('[data-live]');
  let shown = '';

  function focusedKey() {
    const { activeElement } = document;
    return region.contains(activeElement) ? activeElement.dataset.key || activeElement.className : undefined;
  }

  function show(text) {
    if (text === shown) return;
    const key = focusedKey();
    const isFirst = shown === '';
    shown = text;
    if (isFirst && region.textContent.trim() === '') return;
    const parsed = new DOMParser().parseFromString(text, 'text/html');
    region.replaceChildren(...parsed.body.childNodes);
    if (key === undefined) return;
    const again = [...region.querySelectorAll('a, button')].find(
      (element) => (element.dataset.key || element.className) === key,
    );
    if (again) again.focus();
  }

  async function refresh() {
    if (document.visibilityState === 'visible') {
      try {
        const response = await fetch(region.dataset.live, { headers: { Accept: 'text/html' } });
        if (response.ok || response.status === 404) show(await response.text());
      } catch {
        // The sandbox is away; the next round may find it again.
      }
    }
    setTimeout(refresh, REFRESH_MS);
  }

  document.addEventListener('submit', (event) => {
    for (const button of event.target.querySelectorAll('button'))
      button.setAttribute('aria-disabled', 'true');
  });

  if (region) setTimeout(refresh, REFRESH_MS);
})();
