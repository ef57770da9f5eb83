// What the import asks and tells the server.
import type { ResultOf } from 'gql.tada';
import { graphql } from '../shared/graphql';
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

  /** What taking it back would do: an undo that is wanted after that leaves alone what somebody changed since. */
  async undo(id: string, dryRun: boolean): Promise<Undone> {
    return (await this.session.ask(UNDO, { id, dryRun })).undoImport;
  }
}
