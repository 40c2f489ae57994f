// Live updates of pages that nobody looks at rest: a browser opens few connections to a site, and the streams of six
// forgotten tabs would leave none for the seventh. Who comes back is told how it stands now.
import htmx from "htmx.org";

class RestingSource extends EventTarget {
  #url;
  #names = new Set();
  #inner = null;
  #over = false;

  constructor(url) {
    super();
    this.#url = url;
    document.addEventListener("visibilitychange", this.#turn);
    this.#turn();
  }

  /** As of an EventSource; one that rests counts as connecting. */
  get readyState() {
    if (this.#over) return EventSource.CLOSED;
    return this.#inner ? this.#inner.readyState : EventSource.CONNECTING;
  }

  addEventListener(name, ...more) {
    super.addEventListener(name, ...more);
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.#inner?.addEventListener(name, this.#tell);
  }

  close() {
    this.#over = true;
    document.removeEventListener("visibilitychange", this.#turn);
    this.#inner?.close();
  }

  #tell = (event) => this.dispatchEvent(new MessageEvent(event.type, { data: event.data, lastEventId: event.lastEventId }));

  #turn = () => {
    if (document.hidden) {
      this.#inner?.close();
      this.#inner = null;
    } else if (!this.#inner) {
      this.#inner = new EventSource(this.#url);
      this.#inner.onopen = (event) => this.onopen?.(event);
      this.#inner.onerror = (event) => {
        // Refused for good: another source takes its place, so this one must not wake again.
        if (this.#inner?.readyState === EventSource.CLOSED) this.close();
        this.onerror?.(event);
      };
      for (const name of this.#names) this.#inner.addEventListener(name, this.#tell);
    }
  };
}

htmx.createEventSource = (url) => new RestingSource(url);
