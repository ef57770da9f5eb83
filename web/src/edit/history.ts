// What was done and can be undone, in order. A step may take the server: one runs at a time.

export interface Step {
  /** What was done, for the button that takes it back. */
  label: string;
  undo(): Promise<void> | void;
  redo(): Promise<void> | void;
}

/** Steps kept: each may hold a large shape twice. */
const MOST_STEPS = 200;

export class History {
  #done: Step[] = [];
  #undone: Step[] = [];
  #running = false;

  constructor(private readonly onChange: () => void = () => undefined) {}

  /** What `undo` would take back, and `redo` do again; null for nothing. */
  get next(): { undo: string | null; redo: string | null } {
    return { undo: this.#done.at(-1)?.label ?? null, redo: this.#undone.at(-1)?.label ?? null };
  }

  /** Adds a step that has been done. What was undone before cannot be redone any more. */
  add(step: Step): void {
    this.#done = [...this.#done, step].slice(-MOST_STEPS);
    this.#undone = [];
    this.onChange();
  }

  /** Forgets the steps that `belongs` picks: their work is settled otherwise. */
  drop(belongs: (step: Step) => boolean): void {
    this.#done = this.#done.filter((step) => !belongs(step));
    this.#undone = this.#undone.filter((step) => !belongs(step));
    this.onChange();
  }

  /** Takes the last step back. A step that fails stays where it was, and its error is thrown. */
  async undo(): Promise<void> {
    await this.#move((step) => step.undo(), this.#done, this.#undone);
  }

  async redo(): Promise<void> {
    await this.#move((step) => step.redo(), this.#undone, this.#done);
  }

  async #move(work: (step: Step) => Promise<void> | void, from: Step[], to: Step[]): Promise<void> {
    const step = from.at(-1);
    if (step === undefined || this.#running) return;
    this.#running = true;
    try {
      await work(step);
      from.pop();
      to.push(step);
    } finally {
      this.#running = false;
      this.onChange();
    }
  }
}
