// Reading aloud and dictation by the browser's own speech functions; where one is missing, its button stays hidden.

const LANGUAGE = "fr-FR";
const speech = globalThis.speechSynthesis;
const Recognition = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;

// A voice of another language would make noise of French.
const frenchVoice = () => speech?.getVoices().find((voice) => voice.lang.toLowerCase().startsWith("fr"));

// Calls back now and whenever the browser has found more voices: some look for them late.
function onVoices(callback) {
  callback(Boolean(frenchVoice()));
  speech?.addEventListener?.("voiceschanged", () => callback(Boolean(frenchVoice())));
}

// Reads `text` in short pieces (long ones break off in some browsers); `ended` is called once, also when it is stopped.
function readAloud(text, ended) {
  speech.cancel();
  const pieces = text.match(/[^.!?\n]+[.!?]*/g)?.map((piece) => piece.trim()).filter(Boolean) ?? [];
  let left = pieces.length;
  const end = () => {
    left = -1;
    ended();
  };
  for (const piece of pieces) {
    const said = new SpeechSynthesisUtterance(piece);
    said.lang = LANGUAGE;
    said.voice = frenchVoice() ?? null;
    said.onend = () => (left -= 1) === 0 && end();
    said.onerror = () => left > 0 && end();
    speech.speak(said);
  }
  if (!pieces.length) end();
}

// Listens once. `heard` gets all the text so far; `ended` the name of an error or nothing, and whether it was dropped.
// Returns what ends it: `stop` still hears what was said until then, `drop` wants nothing more of it.
function dictate(heard, ended) {
  const recognition = new Recognition();
  let problem;
  recognition.lang = LANGUAGE;
  recognition.interimResults = true;
  recognition.onresult = (event) => heard([...event.results].map((result) => result[0].transcript).join(""));
  recognition.onerror = (event) => (problem = event.error);
  recognition.onend = () => ended(problem, false);
  recognition.start();
  return {
    stop: () => recognition.stop(),
    drop() {
      recognition.onresult = recognition.onerror = recognition.onend = null;
      recognition.abort();
      ended(null, true);
    },
  };
}
