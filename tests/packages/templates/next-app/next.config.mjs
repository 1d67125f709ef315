export default { output: "export", basePath: "/app", reactStrictMode: true };
