// Drives the page's module through the corpus, as src/page.rs drives the engine natively.

const FIELD = "\x1f";
const RECORD = "\x1e";

/**
 * Everything that the engine does, as JSON.
 *
 * @param {object} corpus
 * @param {(now: number, text: string) => string} tell
 * @param {string} plan the compiled plan
 */
export const trace = (corpus, tell, plan) => {
  tell(corpus.began, corpus.settings);
  let record = "";
  let sent;

  /** Carries out what the engine asks for; true if it wants the tabs' record. */
  const carryOut = (asked, effects) => {
    let wantsRecord = false;
    for (const effect of asked) {
      const text = effect.slice(1);
      if (effect[0] === "o") wantsRecord = true;
      if (effect[0] === "r") record = text;
      if (effect[0] === "a") record = record.split(" ").map((word, at) => (at === 2 ? text : word)).join(" ");
      if (effect[0] === "f") sent = text;
      effects.push(effect);
    }
    return wantsRecord;
  };

  const steps = corpus.steps.map(({ now, text = "", plan: arrives, answer }) => {
    let told = text;
    if (arrives) {
      told = ["plan", plan].join(FIELD);
    } else if (answer) {
      const items = sent === undefined ? undefined : JSON.parse(sent).items;
      sent = undefined;
      told = items ? ["answered", "", ...items.flatMap(({ id }) => ["settled", id])].join(FIELD) : "wakeup";
    }
    const effects = [];
    let wakeup;
    do {
      const [due, ...asked] = tell(now, told).split(RECORD);
      wakeup = due;
      told = carryOut(asked, effects) ? ["record", record].join(FIELD) : undefined;
    } while (told !== undefined);
    return { effects, wakeup };
  });
  return JSON.stringify({ plan, steps });
};
