import { defineConfig } from "vite";

export default defineConfig({
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // The pictures are addressed with fragments (shoe.svg#toe), so they stay files.
    assetsInlineLimit: 0,
  },
  server: {
    // The shop at the edge answers these while the pages come from Vite.
    proxy: { "/_g": process.env.GOALPOST_EDGE ?? "http://127.0.0.1:8787" },
  },
});
