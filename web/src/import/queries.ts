// What the import asks and tells the server.
import type { ResultOf } from 'gql.tada';
import { graphql } from '../shared/graphql';
import { ApiError } from '../shared/api';
import { isOpen } from '../shared/jobs';
import type { Session } from '../shared/session';
import type { ImportOptions } from './options';

const IMPORT = graphql(`
  mutation ImportFile($layer: String!, $file: Upload, $options: ImportOptions, $dryRun: Boolean!) {
    importLocations(layer: $layer, file: $file, options: $options, dryRun: $dryRun) { id }
  }
`);

const JOB = graphql(`
  query ImportJob($id: ID!) {
    importJob(id: $id) {
      id state layer fileName dryRun progress read created updated unchanged deleted rejected repaired
      format crs columns notes sample undo
      extent { west south east north }
      error { message }
      rejectedFeatures(first: 20) { number code reason excerpt }
    }
  }
`);

const JOBS = graphql(`
  query ImportJobs($before: ID) {
    importJobs(first: 20, before: $before) {
      id state layer fileName dryRun read created updated deleted rejected createdAt undo undoUntil
      createdBy { username }
    }
  }
`);

const CANCEL = graphql(`
  mutation CancelImport($id: ID!) {
    cancelImport(id: $id) { id }
  }
`);

const UNDO = graphql(`
  mutation UndoImport($id: ID!, $dryRun: Boolean!) {
    undoImport(id: $id, onConflict: SKIP, dryRun: $dryRun) { deleted changed restored skipped }
  }
`);

const UNDO_STATE = graphql(`
  query ImportUndoState($id: ID!) {
    importJob(id: $id) { undo }
  }
`);

const LAYERS = graphql(`
  query ImportLayers {
    layers { key title visibility }
  }
`);

export type Job = NonNullable<ResultOf<typeof JOB>['importJob']>;
export type Undone = ResultOf<typeof UNDO>['undoImport'];
export type JobRow = ResultOf<typeof JOBS>['importJobs'][number];

/** A file is large: how far it is is asked for again and again. */
const ASK_AGAIN_MS = 400;

/** The server goes on with an undo whose request was given up; what takes longer than this failed there. */
const UNDO_ASK_AGAIN_MS = 1_000;
const UNDO_GIVE_UP_MS = 600_000;

export class ImportApi {
  constructor(private readonly session: Session) {}

  async layers() {
    return (await this.session.ask(LAYERS, {})).layers;
  }

  /** Sends the file. The answer is the id of a job that waits. */
  async begin(file: File, layer: string, options: ImportOptions, dryRun: boolean): Promise<string> {
    const variables = { layer, options, dryRun, file: null };
    return (await this.session.ask(IMPORT, variables, { file })).importLocations.id;
  }

  /** Asks until the job has ended, and tells each time how far it is. */
  async follow(id: string, onProgress: (job: Job) => void): Promise<Job> {
    for (;;) {
      const { importJob } = await this.session.ask(JOB, { id });
      if (importJob === null) throw new Error('the import is gone');
      onProgress(importJob);
      if (!isOpen(importJob)) return importJob;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }

  async jobs(before: string | null): Promise<JobRow[]> {
    return (await this.session.ask(JOBS, { before })).importJobs;
  }

  async cancel(id: string): Promise<void> {
    await this.session.ask(CANCEL, { id });
  }

  /** What taking it back would do. */
  async foresee(id: string): Promise<Undone> {
    return (await this.session.ask(UNDO, { id, dryRun: true })).undoImport;
  }

  /** Takes an import back, but for what somebody changed since. A large one outlives its request: it is waited for. */
  async undo(id: string): Promise<void> {
    try {
      await this.session.ask(UNDO, { id, dryRun: false });
    } catch (error) {
      if (!(error instanceof ApiError && ['TIMEOUT', 'NETWORK'].includes(error.code))) throw error;
      const giveUp = Date.now() + UNDO_GIVE_UP_MS;
      while ((await this.session.ask(UNDO_STATE, { id })).importJob?.undo !== 'DONE') {
        if (Date.now() > giveUp) throw error;
        await new Promise((resolve) => setTimeout(resolve, UNDO_ASK_AGAIN_MS));
      }
    }
  }
}
