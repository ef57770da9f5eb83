// Taking an import back: first it is said what would become of how many locations, then it is done.
import { h } from '../shared/dom';
import { openDialog } from '../shared/dialog';
import { form } from '../shared/forms';
import { t, tn } from '../shared/i18n';
import type { ImportApi, Undone } from './queries';

/** Asks the server for the counts, says them, and takes the import back when that is wanted. */
export async function openUndo(api: ImportApi, id: string, onDone: () => void): Promise<void> {
  const counts = await api.foresee(id);
  const dialog = openDialog(
    t('import.undo'),
    form(
      {
        submit: t('import.undoNow'),
        label: t('import.undo'),
        async onSubmit() {
          await api.undo(id);
          dialog.close();
          onDone();
        },
      },
      ...sentences(counts).map((sentence) => h('p', {}, sentence)),
    ),
  );
}

/** What would happen, without what happens to none. */
export function sentences({ deleted, changed, restored, skipped }: Undone): string[] {
  const all: [string, number][] = [
    [tn('import.undoDeletes', deleted), deleted],
    [tn('import.undoChanges', changed), changed],
    [tn('import.undoRestores', restored), restored],
    [tn('import.undoSkips', skipped), skipped],
  ];
  const met = all.filter(([, count]) => count > 0).map(([sentence]) => sentence);
  return met.length === 0 ? [t('import.undoNothing')] : met;
}
