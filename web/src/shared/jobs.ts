// The states of imports and exports: which go on, and what they are called.
import { t } from './i18n';

export type JobState = 'QUEUED' | 'RUNNING' | 'DONE' | 'FAILED' | 'CANCELLED';

/** Whether a job waits or is worked on. */
export function isOpen({ state }: { state: JobState }): boolean {
  return state === 'QUEUED' || state === 'RUNNING';
}

export function stateName(state: JobState): string {
  const names = { QUEUED: t('import.queued'), RUNNING: t('import.running'), DONE: t('import.done'), FAILED: t('import.failed'), CANCELLED: t('import.cancelled') };
  return names[state];
}
