/* A recording with its wave: heard and paused, moved by the second with a mouse, a finger or the keyboard, at four speeds.
   Without this file the browser's own player stands there. */

const SPEEDS = [1, 1.25, 1.5, 0.75];

function makePlayer(root) {
  const find = (name) => root.querySelector(`[data-${name}]`);
  const audio = root.querySelector("audio");
  const [play, seek, speed, at, bars] = [find("play"), find("seek"), find("speed"), find("at"), root.querySelector(".sound-bars")];
  const duration = Number(root.dataset.duration) / 1000;
  const heard = bars.cloneNode(true);
  const head = Object.assign(document.createElement("span"), { className: "playhead" });
  const names = { play: play.ariaLabel, pause: play.dataset.textPause };
  const pins = [...root.querySelectorAll("[data-pin], [data-second]")];
  let frame = 0;

  function inWords(seconds) {
    const whole = Math.floor(seconds);
    return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")}`;
  }

  function show() {
    const seconds = Math.min(audio.currentTime, duration);
    const share = duration ? seconds / duration : 0;
    heard.style.clipPath = `inset(0 ${100 - share * 100}% 0 0)`;
    head.style.left = `${share * 100}%`;
    at.textContent = inWords(seconds);
    if (document.activeElement !== seek || !audio.paused) seek.value = Math.floor(seconds);
    seek.ariaValueText = root.dataset.textAt.replace("{at}", inWords(seconds)).replace("{total}", root.dataset.total);
    const second = (pin) => Number(pin.dataset.pin ?? pin.dataset.second);
    const last = Math.max(...pins.map(second).filter((one) => one <= seconds + 0.5));
    for (const pin of pins) {
      const place = pin.closest("li") ?? pin;
      place.classList.toggle("here", second(pin) === last && seconds - last < 4);
    }
    cancelAnimationFrame(frame);
    if (!audio.paused) frame = requestAnimationFrame(show);
  }

  function showState() {
    root.classList.toggle("playing", !audio.paused);
    play.ariaLabel = audio.paused ? names.play : names.pause;
    show();
  }

  function goTo(seconds) {
    audio.currentTime = seconds;
    show();
  }

  for (const place of root.querySelectorAll("[data-second]")) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: place.textContent });
    button.addEventListener("click", () => {
      goTo(Number(place.dataset.second));
      audio.play();
    });
    place.replaceChildren(button);
  }
  play.addEventListener("click", () => (audio.paused ? audio.play() : audio.pause()));
  seek.addEventListener("input", () => goTo(Number(seek.value)));
  speed.addEventListener("click", () => {
    audio.playbackRate = SPEEDS[(SPEEDS.indexOf(audio.playbackRate) + 1) % SPEEDS.length];
    speed.querySelector("span").textContent = audio.playbackRate.toLocaleString(document.documentElement.lang);
  });
  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, showState);
  for (const name of ["timeupdate", "seeked"]) audio.addEventListener(name, show);
  heard.classList.add("heard");
  heard.removeAttribute("role");
  heard.removeAttribute("aria-label");
  heard.ariaHidden = "true";
  bars.after(heard, head);
  audio.hidden = true;
  find("controls").hidden = seek.hidden = false;
  root.classList.add("ready");
  show();
}

const makePlayers = () => document.querySelectorAll("[data-player]:not(.ready)").forEach(makePlayer);

makePlayers();
document.addEventListener("arrived", makePlayers); // a page that was given others says so
