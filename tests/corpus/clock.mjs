// The clock of a Worker under test. It must be set up before the Worker's own module is evaluated,
// which takes hold of parts of Date.

const Real = Date;
let now = 0;

export const setClock = (time) => {
  now = time;
};

globalThis.Date = class extends Real {
  constructor(...args) {
    super(...(args.length > 0 ? args : [Date.now()]));
  }

  static now() {
    return now || Real.now();
  }
};
