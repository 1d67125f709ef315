// The peer of our sink in workerd: the same rows through the same database, as they are.
//
// A batch's messages are a statement and its rows in turn.

export default {
  async queue({ messages }, env) {
    const statements = [];
    for (let at = 0; at < messages.length; at += 2) {
      statements.push(env.DB.prepare(messages[at].body).bind(messages[at + 1].body));
    }
    await env.DB.batch(statements);
  },
};
