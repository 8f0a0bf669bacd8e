// Says five minutes before that a session ends, and lets it go on by one button (WCAG 2.2.1). Without scripts the strip above says until when it lasts,
// and the same button opens a page of its own, so that nothing written is lost.
const WARNS_BEFORE = 5 * 60 * 1000;
const LOOKS_EVERY = 5 * 1000;

const strip = document.querySelector("[data-session-seconds]");
if (strip) {
  const notice = document.querySelector(".session-notice");
  const said = notice.querySelector("[role=status]");
  const longer = notice.querySelector("form");
  const others = new BroadcastChannel("session");
  let ends = 0;
  let final = false;

  const say = (text) => {
    if (said.textContent !== text) said.textContent = text;
    notice.classList.toggle("session-notice--shown", text !== "");
    longer.hidden = text === "" || final || Date.now() >= ends;
  };

  const look = () => {
    const left = ends - Date.now();
    if (left > WARNS_BEFORE) say("");
    else if (left <= 0) say(notice.dataset.ended);
    else say((final ? notice.dataset.final : notice.dataset.soon).replace("%s", clock(ends)));
  };

  const until = (seconds, isFinal) => {
    ends = Date.now() + seconds * 1000;
    final = isFinal;
    look();
  };

  const clock = (moment) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Brussels" }).format(moment);

  longer.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const body = new URLSearchParams(new FormData(longer));
      const answer = await fetch(longer.action, { method: "POST", body, headers: { accept: "application/json" } });
      const { seconds, final: isFinal, until: text } = await answer.json();
      document.querySelector(".session-until").textContent = text;
      until(seconds, isFinal);
      others.postMessage([seconds, isFinal]);
    } catch {
      until(0, true);
    }
  });

  // Whoever goes on in one window need not be warned in another.
  others.addEventListener("message", ({ data: [seconds, isFinal] }) => until(seconds, isFinal));
  until(Number(strip.dataset.sessionSeconds), strip.dataset.sessionFinal === "true");
  others.postMessage([Number(strip.dataset.sessionSeconds), strip.dataset.sessionFinal === "true"]);
  setInterval(look, LOOKS_EVERY);
  document.addEventListener("visibilitychange", look);
}
