import type { Decision, Details, Goalpost, Options, Track, Trigger } from "./api.js";

export type * from "./api.js";
export type { Plan } from "./generated/plan.js";

/* The package where there is no page: the same functions, and none of them does anything. */

const goalpost: Goalpost = {
  track() {},
  trigger() {},
  identify() {},
  consent() {},
  async flush() {},
  debug() {},
  overlay() {},
  segments: async () => [],
};

export const init = (_options: Options): Goalpost => goalpost;
export const track: Track = () => {};
export const trigger: Trigger = () => {};
export const identify = (_details: Details): void => {};
export const consent = (_consent: Decision): void => {};
export const flush = async (): Promise<void> => {};
export const debug = (_on?: boolean): void => {};
export const overlay = (): void => {};
export const segments = async (): Promise<string[]> => [];
