/* The comment that goes aloud with a mark: recorded or chosen, sent part by part while the marker goes on, heard again at
   once. Without this file the form posts the file whole. */

const RETRY = 5_000;
const LISTEN = 3_000;
const MOST_LOOKS = 40;

/* `marking` is what the page of the copy lends: its fields, its turn to save, its state in words. */
export function speak(marking) {
  const { copy, key, field } = marking;
  const { recorderScript, uploadScript } = copy.dataset;
  const block = document.querySelector("[data-voice-panel] [data-voice]");
  const [problem, sent] = [block.querySelector("[data-problem]"), block.querySelector("[data-sent]")];
  const input = field("voice");
  const flag = `${key}-voice`;
  let record = null; // the file on its way
  let isCut = false;
  let waiting = [];

  const say = (text) => { sent.textContent = text; };

  function complain(message) {
    problem.textContent = message;
    problem.hidden = !message;
  }

  function choose() {
    const file = input.files[0];
    if (!file) return;
    input.value = "";
    complain("");
    record = { file, key: "", event: String(Date.now()) };
    deliver(record);
  }

  async function deliver(one) {
    if (record !== one) return;
    try {
      isCut = false;
      const { send } = await import(uploadScript);
      const answer = await send(one, { ask, url: `/a-corriger/${copy.dataset.copy}/depots`, onProgress, finish });
      if (answer instanceof Response) await settle(answer);
    } catch {
      isCut = true;
      say(block.dataset.textCut);
      if (waiting.length) giveBack();
      else setTimeout(deliver, RETRY, one);
    }
  }

  const finish = (post) => marking.alone(async () => settle(await post({ base: Number(field("version").value) })));

  function ask(url, options = {}, seconds = 20) {
    const token = document.querySelector('meta[name="csrf-token"]').content;
    const headers = { Accept: "application/json", "X-CSRFToken": token, ...options.headers };
    return fetch(url, { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(seconds * 1000), ...options, headers });
  }

  function onProgress(done, size) {
    say(block.dataset.textSending.replace("{percent}", `${Math.floor((100 * done) / size)} %`));
  }

  async function settle(answer) {
    if (answer.status === 422) {
      complain((await answer.json()).message);
      say("");
      return release();
    }
    const isKept = await marking.take(answer);
    if (answer.status === 401) throw new Error("signed out");
    localStorage.removeItem(flag);
    block.dispatchEvent(new Event("received"));
    say(isKept ? block.dataset.textReceived : "");
    if (isKept) look(MOST_LOOKS);
    release();
  }

  /* A form that leaves before its parts went through takes the file along, whole. */
  function giveBack() {
    const chosen = new DataTransfer();
    chosen.items.add(record.file);
    input.files = chosen.files;
    release();
  }

  async function settled() {
    if (isCut && record) giveBack();
    if (record) await new Promise((resume) => waiting.push(resume));
  }

  function release() {
    record = null;
    for (const resume of waiting) resume();
    waiting = [];
  }

  /* The page as it is now gives the comment to hear, as soon as it is ready. */
  async function look(times) {
    const page = await fetch(copy.baseURI, { cache: "no-store" }).then((answer) => answer.text(), () => "");
    const fresh = new DOMParser().parseFromString(page, "text/html").querySelector("[data-spoken]");
    const shown = block.querySelector("[data-spoken]");
    if (!fresh || !block.isConnected) return;
    if (shown.textContent !== fresh.textContent) {
      const held = document.activeElement.value;
      const isHeld = shown.contains(document.activeElement);
      shown.replaceWith(document.adoptNode(fresh));
      if (isHeld) block.querySelector(`[data-spoken] [value="${held}"]`)?.focus();
      marking.draw();
    }
    if (fresh.matches("[data-waiting]") && times) setTimeout(look, LISTEN, times - 1);
    else say("");
  }

  input.addEventListener("change", choose);
  block.querySelector("[data-record]").addEventListener("click", () => localStorage.setItem(flag, "1"));
  const made = import(recorderScript).then(marking.draw, () => null);
  if (block.querySelector("[data-waiting]")) setTimeout(look, LISTEN, MOST_LOOKS);
  const isSending = () => record !== null;
  return made.then(() => ({ isSending, settled }));
}
