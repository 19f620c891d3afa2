// Keeps what is being written, a moment after each pause; sending the form goes on without it.
const PAUSE = 1_500;
const form = document.querySelector("form[data-draft]");

if (form) {
  const area = form.elements.text;
  const place = form.querySelector("[data-saved]");
  const said = place.querySelector("span");
  let kept = area.value;
  let timer = 0;
  let asking = null;

  const keep = async () => {
    clearTimeout(timer);
    const text = area.value;
    if (text === kept) return;
    const body = new FormData(form);
    body.set("go", "draft");
    asking?.abort();
    asking = new AbortController();
    try {
      const headers = { Accept: "application/json" };
      const answer = await fetch(form.action, { method: "POST", body, headers, keepalive: true, signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      said.textContent = (await answer.json()).saved;
      kept = text;
    } catch (error) {
      if (error.name === "AbortError") return;
      said.textContent = place.dataset.textFailed;
      timer = setTimeout(keep, 4 * PAUSE);
    }
  };

  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  });
  addEventListener("visibilitychange", () => {
    if (document.hidden) keep();
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    asking?.abort();
    kept = area.value;
  });
}
