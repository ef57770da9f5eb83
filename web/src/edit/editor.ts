// The editor of locations: a layer as a table, the location that is open as a form and on the map, and every change with its
// way back.
import { ApiError } from '../shared/api';
import { sentenceOf } from '../shared/forms';
import { t } from '../shared/i18n';
import type { Session } from '../shared/session';
import type { Settings } from '../shared/settings';
import { createMap, fitExtents } from '../map/leaflet';
import { addBasemap } from '../map/basemap';
import { openBulkDelete, openBulkEdit, type Meant } from './bulk';
import { askAboutConflict } from './conflict';
import { rebased } from './content';
import { Drafts } from './drafts';
import { EditMap, type Tool } from './edit-map';
import { EditorView } from './editor-view';
import { fromParts, partsOf, settled, withHole, type Part } from './geometry';
import { withGeoman } from './geoman';
import { History, type Step } from './history';
import { LocationForm } from './location-form';
import { LocationTable } from './location-table';
import { createNeighbours, type Neighbours } from './neighbours';
import { EditApi, type EditLayer, type Stored } from './queries';
import { writeAgain } from './steps';
import { Work } from './work';

export class Editor {
  readonly #api: EditApi;
  readonly #history: History;
  readonly #drafts: Drafts;
  readonly #work: Work;
  readonly #view: EditorView;
  readonly #table: LocationTable;
  readonly #form: LocationForm;
  readonly #map: EditMap;
  readonly #neighbours: Neighbours;
  #layers: EditLayer[] = [];
  #layer: EditLayer | null = null;
  #selected: string[] = [];
  /** The parts that the map shows already, because it told of them. */
  #drawn: Part[] | null = null;
  /** Each location once: its steps share it. */
  readonly #known = new Map<string, Stored>();

  constructor(session: Session, settings: Settings) {
    this.#api = new EditApi(session);
    this.#history = new History(() => this.#view.setHistory(this.#history.next));
    this.#drafts = new Drafts(session.me?.id ?? '');
    this.#work = new Work(this.#history, this.#drafts, () => this.#showWork());
    this.#table = new LocationTable(this.#api, {
      onOpen: (id) => void this.#open(id),
      onFilter: (filter) => this.#layer !== null && this.#neighbours.show(this.#layer, filter),
      onSelect: (ids) => this.#select(ids),
    });
    this.#form = new LocationForm({
      onContent: (content, label, field) => this.#work.change(content, label, field),
      onSave: () => void this.#save(),
      onRevert: () => this.#revert(),
      onDelete: () => void this.#delete(),
      onClose: () => this.#mayLeave() && this.#work.close(),
      onTool: (tool) => this.#toggleTool(tool),
      onFinish: () => this.#map.finish(),
      onRemoveLast: () => this.#map.removeLast(),
      onStop: () => this.#map.stop(),
      onSnapping: (on) => this.#map.setSnapping(on),
      onFit: () => this.#map.fit(),
    });
    this.#view = new EditorView(this.#table.element, this.#form.element, {
      onLayer: (key) => void this.#chooseLayer(key),
      onNew: () => this.#begin(),
      onUndo: () => void this.#walk('undo'),
      onRedo: () => void this.#walk('redo'),
      onBulkDelete: () => void this.#run(() => openBulkDelete(this.#bulk())),
      onBulkEdit: () => openBulkEdit(this.#bulk()),
    });
    const map = withGeoman(() => createMap(this.#view.mapElement, settings.basemap !== null));
    fitExtents(map, []);
    this.#view.setCredit(addBasemap(map, settings.basemap));
    this.#map = new EditMap(map, {
      onParts: (parts) => this.#take(parts, true),
      onDrawn: (part) => this.#take([...this.#parts(), part], false),
      onHole: (ring) => this.#cut(ring),
      onTool: (tool) => this.#form.geometry.setTool(tool),
    });
    this.#neighbours = createNeighbours(map, this.#api, (id) => this.#map.tool === null && void this.#open(id), (count) => this.#view.setTruncated(count));
  }

  get element(): HTMLElement {
    return this.#view.element;
  }

  /** Asks for the layers, and takes up what was not saved before the page was left. */
  async start(): Promise<void> {
    this.#view.listen(() => this.#work.isChanged);
    await this.#run(async () => {
      this.#layers = await this.#api.layers();
      const draft = this.#drafts.read();
      const first = this.#layers.find(({ key }) => key === draft?.layer) ?? this.#layers[0];
      this.#view.setLayers(this.#layers, first?.key ?? '');
      if (first !== undefined) await this.#showLayer(first);
      if (draft !== null && draft.layer === first?.key) await this.#resume();
    });
  }

  async #resume(): Promise<void> {
    const draft = this.#drafts.read();
    if (draft === null) return;
    const stored = draft.id === null ? null : await this.#api.location(draft.id);
    // The version that the work began on: what somebody saved since is found when it is saved.
    const began = stored === null ? null : this.#share({ ...stored, version: draft.version, content: draft.before });
    this.#work.resume(draft, began, t('edit.didRestore'));
    this.#map.fit();
    if (draft.id !== null && stored === null) this.#gone();
    else this.#view.say(t('edit.restored'));
  }

  async #chooseLayer(key: string): Promise<void> {
    const layer = this.#layers.find((other) => other.key === key);
    if (layer === undefined || !this.#mayLeave()) return this.#view.setLayers(this.#layers, this.#layer?.key ?? '');
    this.#work.close();
    await this.#showLayer(layer);
  }

  async #showLayer(layer: EditLayer): Promise<void> {
    this.#layer = layer;
    fitExtents(this.#map.map, [layer.extent]);
    await this.#table.show(layer);
  }

  #begin(): void {
    if (this.#layer === null || !this.#mayLeave()) return;
    this.#work.begin(this.#layer.key);
    this.#form.focus();
  }

  async #open(id: string): Promise<void> {
    if (this.#work.open?.stored?.id === id || !this.#mayLeave()) return;
    await this.#run(async () => {
      const stored = await this.#api.location(id);
      if (stored === null) {
        this.#view.complain(t('edit.goneAlready'));
        return void this.#table.reload();
      }
      this.#work.edit(this.#share(stored));
      this.#map.fit();
      this.#form.focus();
    });
  }

  #share(stored: Stored): Stored {
    const shared = this.#known.get(stored.id) ?? stored;
    this.#known.set(stored.id, shared);
    return Object.assign(shared, stored);
  }

  /** Unsaved work is left only when that is wanted. */
  #mayLeave(): boolean {
    this.#map.stop();
    return !this.#work.isChanged || confirm(t('edit.leave'));
  }

  #showWork(): void {
    const open = this.#work.open;
    this.#neighbours.leaveOut(open?.stored?.id ?? null);
    this.#table.mark(open?.stored?.id ?? null);
    if (open === null) {
      this.#form.hide();
      this.#map.stop();
      this.#map.show([]);
      this.#drawn = null;
      return;
    }
    const schema = this.#layers.find(({ key }) => key === open.layer)?.propertySchema;
    this.#form.show({ content: open.after, schema, isNew: open.stored === null, isChanged: this.#work.isChanged });
    if (!this.#work.isKept) this.#view.complain(t('edit.notKept'));
    const parts = partsOf(open.after.geometry);
    if (JSON.stringify(parts) !== JSON.stringify(this.#drawn)) this.#map.show(parts);
    this.#drawn = parts;
  }

  #parts(): Part[] {
    return partsOf(this.#work.open?.after.geometry ?? null);
  }

  /** `onMap`: the map shows them already. */
  #take(parts: Part[], onMap: boolean): void {
    const open = this.#work.open;
    if (open === null) return;
    const whole = settled(parts, this.#parts());
    if (onMap) this.#drawn = whole;
    this.#work.change({ ...open.after, geometry: fromParts(whole, open.after.geometry) }, t('edit.didShape'), null);
  }

  #cut(ring: number[][]): void {
    const parts = withHole(this.#parts(), ring);
    if (parts === null) this.#form.geometry.complain(t('edit.noHole'));
    else this.#take(parts, false);
  }

  #toggleTool(tool: Tool): void {
    if (this.#map.tool === tool) this.#map.stop();
    else this.#map.draw(tool);
  }

  #revert(): void {
    const open = this.#work.open;
    if (open !== null) this.#work.change(open.before, t('edit.didRevert'), null);
  }

  async #save(): Promise<void> {
    const open = this.#work.open;
    if (open === null) return;
    this.#map.stop();
    const { stored, before, after, layer } = open;
    await this.#run(async () => {
      if (stored === null) {
        const made: Stored = { id: '', version: 0, layer, content: after };
        await this.#api.create(made);
        this.#saved(this.#share(made), { label: t('edit.didCreate', { name: after.name }), ...this.#making(made) });
      } else {
        await this.#api.update(stored, before, after);
        // As the server has it: it may turn rings round.
        this.#saved(stored, this.#changing(stored, before, stored.content));
      }
    });
  }

  #saved(stored: Stored, step: Step): void {
    this.#work.edit(stored);
    this.#history.add(step);
    this.#changed(t('edit.saved'));
  }

  async #delete(): Promise<void> {
    const stored = this.#work.open?.stored;
    if (stored === null || stored === undefined || !this.#mayLeave()) return;
    await this.#run(async () => {
      const { undo, redo } = this.#making(stored);
      await this.#api.remove(stored);
      this.#work.close();
      const label = t('edit.didDelete', { name: stored.content.name });
      // Taking back a deletion is making it again.
      this.#history.add({ label, undo: redo, redo: undo });
      this.#changed(t('edit.deleted', { name: stored.content.name }));
      this.#view.focusUndo();
    });
  }

  #making(stored: Stored): Pick<Step, 'undo' | 'redo'> {
    return {
      undo: async () => {
        if (!this.#mayLeave()) throw new Left();
        await this.#api.remove(stored);
        if (this.#work.open?.stored === stored) this.#work.close();
      },
      redo: async () => {
        if (!this.#mayLeave()) throw new Left();
        await this.#api.create(stored);
        this.#known.set(stored.id, stored);
        this.#work.edit(stored);
      },
    };
  }

  #changing(stored: Stored, before: Stored['content'], after: Stored['content']): Step {
    const go = async (from: Stored['content'], to: Stored['content']): Promise<void> => {
      if (!this.#mayLeave()) throw new Left();
      await writeAgain(this.#api, stored, from, to);
      this.#work.edit(stored);
    };
    return { label: t('edit.didSave', { name: after.name }), undo: () => go(after, before), redo: () => go(before, after) };
  }

  /** Takes the last step back, or does it again. */
  async #walk(way: 'undo' | 'redo'): Promise<void> {
    const label = this.#history.next[way];
    if (label === null) return;
    this.#map.stop();
    await this.#run(async () => {
      await this.#history[way]();
      const said = way === 'undo' ? t('edit.undone', { step: label }) : t('edit.redone', { step: label });
      if (this.#work.isChanged) this.#view.say(said);
      else this.#changed(said);
    });
  }

  #bulk() {
    const one: Meant = { layer: this.#layer?.key ?? '', filter: this.#table.filter, count: this.#table.total };
    const meant = this.#selected.length === 0 ? one : { ...one, filter: { id: { in: this.#selected } }, count: this.#selected.length };
    const onDone = (said: string, step: Step | null): void => {
      this.#work.close();
      if (step !== null) this.#history.add(step);
      this.#select([]);
      this.#changed(said);
    };
    return { api: this.#api, meant, onDone };
  }

  #select(ids: string[]): void {
    this.#selected = ids;
    this.#view.setSelected(ids.length);
  }

  /** The server has something new: table and map ask again. */
  #changed(said: string): void {
    this.#view.say(said);
    this.#neighbours.refresh();
    void this.#table.reload();
  }

  /** Runs what may fail, and says why where it did. */
  async #run(work: () => Promise<void>): Promise<void> {
    this.#view.complain('');
    this.#form.setBusy(true);
    try {
      await work();
    } catch (error) {
      await this.#onError(error);
    } finally {
      this.#form.setBusy(false);
      if (this.#work.open !== null) this.#showWork();
    }
  }

  async #onError(error: unknown): Promise<void> {
    if (error instanceof Left) return;
    const stored = this.#work.open?.stored;
    const isMine = this.#work.isChanged && stored !== null && stored !== undefined;
    if (isMine && error instanceof ApiError && error.code === 'CONFLICT') await this.#settleConflict(stored, error);
    else if (isMine && error instanceof ApiError && error.code === 'NOT_FOUND') this.#gone();
    else if (this.#work.open !== null && this.#work.isChanged) this.#form.complain(faultOf(error));
    else this.#view.complain(sentenceOf(error));
  }

  async #settleConflict(stored: Stored, error: ApiError): Promise<void> {
    const theirs = await this.#api.location(stored.id);
    if (theirs === null) return this.#gone();
    // An external id that is taken is a conflict too, and nothing that another version helps with.
    if (theirs.version === stored.version) return this.#form.complain(sentenceOf(error));
    const mine = this.#work.open?.after;
    if (mine === undefined) return;
    const before = this.#work.open?.before ?? mine;
    const choice = await askAboutConflict(rebased(before, mine, theirs.content), theirs.content);
    if (choice === 'later') return this.#form.complain(sentenceOf(error));
    this.#work.rebase(theirs, stored);
    if (choice === 'mine') return this.#save();
    this.#work.edit(stored);
    this.#changed(t('conflict.tookTheirs'));
  }

  #gone(): void {
    this.#work.unstore();
    this.#form.complain(t('edit.gone'));
  }
}

/** A step that was not taken, because the work that is open was not to be left. */
class Left extends Error {}

/** What is wrong, and with which part of the location. */
function faultOf(error: unknown): string {
  const sentence = sentenceOf(error);
  return error instanceof ApiError && error.field !== null ? `${error.field}: ${sentence}` : sentence;
}
