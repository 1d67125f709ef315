import { instantiate } from "goalpost-sdk/js";

/** The module's one instance, made of JavaScript. */
export const instance = () => ({ exports: instantiate({}) });
