// The way into the editor: everything that must be there before its map is made.
import 'leaflet/dist/leaflet.css';
import './edit.css';
import { loadSettings } from '../shared/settings';
import type { Session } from '../shared/session';
import { loadGeoman } from './geoman';
import { Editor } from './editor';

/** Puts the editor in place of what `element` holds. */
export async function openEditor(session: Session, element: HTMLElement): Promise<void> {
  const [settings] = await Promise.all([loadSettings(), loadGeoman()]);
  const editor = new Editor(session, settings);
  element.replaceChildren(editor.element);
  await editor.start();
}
