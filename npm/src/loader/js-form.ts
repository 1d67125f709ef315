import { instantiate } from "goalpost-sdk/js";
import type { Exports, Imports } from "goalpost-sdk";

/** The module's one instance, made of JavaScript. */
export const instance = (imports: Imports): { exports: Exports } => {
  const exports = instantiate(imports);
  const { sdk_poll: poll, __wbindgen_add_to_stack_pointer: move, memory } = exports;
  return {
    exports: {
      ...exports,
      // The glue is WebAssembly's, where a function may have two results: a text's place and length.
      sdk_poll(...given: number[]) {
        if (given.length > 1) return poll(...given);
        const place = move(-16);
        poll(place, ...given);
        const text = new Int32Array(memory.buffer, place, 2);
        move(16);
        return text;
      },
    },
  };
};
