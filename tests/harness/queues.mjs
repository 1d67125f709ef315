// Queues that do not take what they are sent, in the place of the Worker's own.

/** One that takes nothing, as a queue above its limits does; it runs beside the Worker. */
export const refusing = {
  name: "refusing",
  modules: true,
  script: `
    class WorkerQueue { async send() { throw new Error("Too Many Requests"); } }
    export const queue = () => new WorkerQueue();
    export default {};`,
};

/** The same for a while, and then one that takes everything. */
export const reluctant = {
  ...refusing,
  name: "reluctant",
  script: `
    let refusals = 30;
    class WorkerQueue {
      constructor(queue) { this.queue = queue; }
      async send(...message) {
        if (refusals-- > 0) throw new Error("Too Many Requests");
        return this.queue.send(...message);
      }
    }
    export const queue = ({ EVENTS }) => new WorkerQueue(EVENTS);
    export default {};`,
  queueProducers: { EVENTS: "goalpost-events" },
};

/** Has the Worker of these options send to one of them. */
export const sendTo = (queue) => (worker) => {
  delete worker.queueProducers;
  worker.wrappedBindings = { EVENTS: { scriptName: queue.name, entrypoint: "queue" } };
};
