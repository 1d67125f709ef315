import type { Goalpost } from "../api.js";
import { consent, debug, flush, identify, overlay, segments, track, trigger } from "../index.js";

/** The package's functions: they speak to the site of the last `init`, and wait for the first. */
export const goalpost: Goalpost = { track, trigger, identify, consent, flush, debug, overlay, segments };
