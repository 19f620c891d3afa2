/* The microphone of a voice question, or of a marker's comment. Each second is written on this device as it is recorded, so
   that a closed tab loses nothing; once kept, the recording is put in the file field, and goes like any file. Without this
   file a file will do. */

const KINDS = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4", "m4a"],
  ["audio/ogg;codecs=opus", "ogg"],
];
const kind = window.MediaRecorder && KINDS.find(([type]) => MediaRecorder.isTypeSupported(type));

/* This device: the parts of each recording, in order. */

const store = new Promise((resolve, reject) => {
  const opening = indexedDB.open("deust-voices", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("parts", { keyPath: ["slot", "take", "number"] });
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = opening.onblocked = () => reject(opening.error);
});
store.catch(() => null);

async function inStore(mode, act) {
  const transaction = (await store).transaction("parts", mode);
  return new Promise((resolve, reject) => {
    const request = act(transaction.objectStore("parts"));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

const all = (slot) => IDBKeyRange.bound([slot], [slot, []]);

function makeRecorder(root) {
  const field = root.closest("[data-voice]");
  const question = root.closest("[data-question]");
  const input = field.querySelector("input[type=file]");
  const { attempt, copy, person } = document.querySelector("[data-attempt], [data-copy]").dataset;
  const slot = `${attempt ?? copy}/${person}/${field.dataset.voice}`;
  const most = Number(root.dataset.maxSeconds);
  const part = Object.fromEntries(["record", "stop", "live", "left", "level", "level-words", "listen", "decide", "keep", "again", "told"].map((name) => [name, root.querySelector(`[data-${name}]`)]));
  let recorder = null;
  let take = null; // { id, parts, seconds, type, suffix }
  let warned = false;
  let isFragile = false; // said once: what is said after must still be read

  const words = (name, values = {}) => root.dataset[`text${name}`].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  const inWords = (seconds) => {
    const s = String(seconds % 60).padStart(2, "0");
    return seconds >= 60 ? words("Minutes", { m: Math.floor(seconds / 60), s }) : words("Seconds", { s: seconds });
  };
  const tell = (text) => { part.told.textContent = text; };

  function show(state) {
    part.record.hidden = state !== "idle";
    part.stop.hidden = part.live.hidden = state !== "recording";
    part.listen.hidden = part.decide.hidden = state !== "recorded";
  }

  async function start() {
    let sound;
    try {
      sound = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
    } catch (error) {
      tell(words(error.name === "NotFoundError" ? "Missing" : "Refused"));
      return;
    }
    await forget();
    take = { id: Date.now(), parts: [], seconds: 0, type: kind[0].split(";")[0], suffix: kind[1] };
    recorder = new MediaRecorder(sound, { mimeType: kind[0], audioBitsPerSecond: 48000 });
    const since = performance.now();
    const level = watchLevel(sound);
    const clock = setInterval(() => {
      take.seconds = Math.min(most, Math.floor((performance.now() - since) / 1000));
      tick(most - take.seconds);
      level();
      if (take.seconds >= most) recorder?.stop();
    }, 200);
    recorder.addEventListener("dataavailable", ({ data }) => data.size && remember(data));
    sound.getAudioTracks()[0].addEventListener("ended", () => tell(words("Broken")));
    recorder.addEventListener("stop", () => {
      clearInterval(clock);
      level.close();
      for (const track of sound.getTracks()) track.stop();
      recorder = null;
      offer(words(take.seconds >= most ? "Full" : "Recorded", { time: inWords(take.seconds) }));
      part.keep.focus();
      question.dispatchEvent(new CustomEvent("recorded"));
    });
    recorder.start(1000);
    show("recording");
    tick(most);
    tell(words("Started"));
    part.stop.focus();
  }

  function tick(left) {
    const text = words("Left", { time: inWords(left) });
    if (part.left.textContent === text) return;
    part.left.textContent = text;
    if (left === 30 || left === 10) tell(text);
  }

  function remember(blob) {
    const { id, parts, seconds, type, suffix } = take;
    parts.push(blob);
    const row = { slot, take: id, number: parts.length, blob, seconds, type, suffix };
    inStore("readwrite", (rows) => rows.put(row)).catch(() => {
      if (!isFragile) tell(words("Fragile"));
      isFragile = true;
    });
  }

  function forget() {
    take = null;
    return inStore("readwrite", (rows) => rows.delete(all(slot))).catch(() => null);
  }

  /* Twelve bars and a sentence: the sentence changes at most once a second. */
  function watchLevel(sound) {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    const wave = new Float32Array(analyser.fftSize);
    context.createMediaStreamSource(sound).connect(analyser);
    let loudest = 0;
    let told = performance.now();
    const look = () => {
      analyser.getFloatTimeDomainData(wave);
      const peak = wave.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      loudest = Math.max(loudest, peak);
      part.level.classList.toggle("loud", peak > 0.95);
      [...part.level.children].forEach((bar, index) => bar.classList.toggle("on", Math.sqrt(peak) * 12 > index));
      if (performance.now() - told < 1000) return;
      part["level-words"].textContent = words(loudest < 0.05 ? "Quiet" : loudest > 0.95 ? "Loud" : "Good");
      [loudest, told] = [0, performance.now()];
    };
    look.close = () => context.close();
    return look;
  }

  const asFile = () => new File(take.parts, `${root.dataset.fileName}.${take.suffix}`, { type: take.type });

  function offer(text) {
    if (part.listen.src) URL.revokeObjectURL(part.listen.src);
    part.listen.src = URL.createObjectURL(asFile());
    show("recorded");
    tell(text);
  }

  function keep() {
    const chosen = new DataTransfer();
    chosen.items.add(asFile());
    input.files = chosen.files;
    part.listen.pause();
    show("idle");
    tell(words("Kept"));
    take = null; // the parts stay here until the server has them
    input.dispatchEvent(new Event("change", { bubbles: true }));
    part.record.focus();
  }

  async function again() {
    part.listen.pause();
    await forget();
    show("idle");
    start();
  }

  /* What a closed tab left: heard and kept, or recorded again. */
  async function findAgain() {
    const rows = (await inStore("readonly", (parts) => parts.getAll(all(slot))).catch(() => null)) ?? [];
    const last = rows.at(-1);
    if (!last || take || recorder) return;
    const parts = rows.filter((row) => row.take === last.take).map((row) => row.blob);
    take = { id: last.take, parts, seconds: last.seconds, type: last.type, suffix: last.suffix };
    offer(words("Found", { time: inWords(Math.max(1, last.seconds)) }));
  }

  /* Leaving with a recording that is not kept takes a second press. */
  function hold(submission) {
    if (!take || warned || submission.submitter?.name === "clear") return;
    submission.preventDefault();
    submission.stopImmediatePropagation();
    warned = true;
    const say = () => {
      tell(words("Unkept"));
      part.keep.focus();
    };
    if (!recorder) {
      say();
      return;
    }
    question.addEventListener("recorded", say, { once: true });
    recorder.stop();
  }

  /* When the time is up, what is recorded is kept and leaves. */
  function onTimeUp() {
    if (!question.inert || !take) return;
    if (!recorder) {
      keep();
      return;
    }
    question.addEventListener("recorded", keep, { once: true });
    recorder.stop();
  }

  part.record.addEventListener("click", start);
  part.stop.addEventListener("click", () => recorder?.stop());
  part.keep.addEventListener("click", keep);
  part.again.addEventListener("click", again);
  question.addEventListener("received", () => take ?? forget());
  question.closest("form").addEventListener("submit", hold, { capture: true });
  new MutationObserver(onTimeUp).observe(question, { attributes: true, attributeFilter: ["inert"] });
  root.hidden = false;
  findAgain();
}

function makeRecorders() {
  if (kind && navigator.mediaDevices) document.querySelectorAll("[data-recorder][hidden]").forEach(makeRecorder);
}

makeRecorders();
document.addEventListener("arrived", makeRecorders); // a page that took the place of another says so
