window.bench = { track: () => {} };
