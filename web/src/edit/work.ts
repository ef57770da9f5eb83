// The location that is open in the editor: what it was, what it has become, and every step between.
import { NOTHING, rebased, sameContent, type Content } from './content';
import type { Draft, Drafts } from './drafts';
import type { History, Step } from './history';
import type { Stored } from './queries';

/** A change that is on this page alone. Further changes of the same field lengthen it. */
interface DraftStep extends Step {
  field: string | null;
  after: Content;
}

interface Open {
  layer: string;
  /** Null for a location that is new. */
  stored: Stored | null;
  before: Content;
  after: Content;
}

export class Work {
  #open: Open | null = null;
  #steps = new Set<Step>();
  #last: DraftStep | null = null;
  /** False once the browser refused to keep the draft. */
  isKept = true;

  constructor(
    private readonly history: History,
    private readonly drafts: Drafts,
    private readonly onShow: () => void,
  ) {}

  get open(): Readonly<Open> | null {
    return this.#open;
  }

  get isChanged(): boolean {
    return this.#open !== null && !sameContent(this.#open.before, this.#open.after);
  }

  /** Opens what is stored. */
  edit(stored: Stored): void {
    this.#replace({ layer: stored.layer, stored, before: stored.content, after: stored.content });
  }

  /** Opens a new location. */
  begin(layer: string): void {
    this.#replace({ layer, stored: null, before: NOTHING, after: NOTHING });
  }

  /** Takes up work that was kept; `stored` is what the server has of it, with the version that the work began on. */
  resume(draft: Draft, stored: Stored | null, label: string): void {
    const { before, after, layer } = draft;
    this.#replace({ layer, stored, before, after: before });
    this.change(after, label, null);
  }

  close(): void {
    this.#replace(null);
  }

  /** One step; changes of one `field` after another become one. */
  change(after: Content, label: string, field: string | null): void {
    const open = this.#open;
    if (open === null) return;
    const before = open.after;
    if (sameContent(before, after)) return;
    if (this.#last !== null && field !== null && this.#last.field === field) {
      this.#last.after = after;
    } else {
      const step: DraftStep = { label, field, after, undo: () => this.#put(before), redo: () => this.#put(step.after) };
      this.#steps.add(step);
      this.history.add(step);
      this.#last = step;
    }
    this.#set(after);
  }

  /** Starts from what the server has now, with the changes that were made kept on top of it. */
  rebase(theirs: Stored, stored: Stored): void {
    if (this.#open === null) return;
    const { before, after } = this.#open;
    Object.assign(stored, theirs);
    this.#open = { ...this.#open, stored, before: theirs.content, after: rebased(before, after, theirs.content) };
    this.#forgetSteps();
    this.#set(this.#open.after);
  }

  /** The location is not on the server any more: what is here would be a new one. */
  unstore(): void {
    if (this.#open !== null) this.#replaceKeepingSteps({ ...this.#open, stored: null, before: NOTHING });
  }

  /** True for a step that is on this page alone. */
  owns(step: Step): boolean {
    return this.#steps.has(step);
  }

  #replace(open: Open | null): void {
    this.#forgetSteps();
    this.#replaceKeepingSteps(open);
  }

  #replaceKeepingSteps(open: Open | null): void {
    this.#open = open;
    this.#keep();
    this.onShow();
  }

  #put(content: Content): void {
    this.#last = null;
    this.#set(content);
  }

  #set(after: Content): void {
    if (this.#open === null) return;
    this.#open = { ...this.#open, after };
    this.#keep();
    this.onShow();
  }

  #keep(): void {
    const open = this.#open;
    if (open === null || !this.isChanged) {
      this.drafts.forget();
      return;
    }
    const { layer, stored, before, after } = open;
    this.isKept = this.drafts.keep({ layer, id: stored?.id ?? null, version: stored?.version ?? 0, before, after });
  }

  #forgetSteps(): void {
    const steps = this.#steps;
    this.#steps = new Set();
    this.#last = null;
    if (steps.size > 0) this.history.drop((step) => steps.has(step));
  }
}
