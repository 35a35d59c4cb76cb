import type { Command } from 'commander'

/** A command of the command line. Its module is loaded only for the command or its help. */
export interface ListedCommand {
  readonly name: string
  /** Its line in `fulcrum --help`. */
  readonly summary: string
  /** True for commands that only Fulcrum itself starts. */
  readonly hidden?: true
  /**
   * Loads the function that adds the command with its arguments, options, help and action. Only completion uses
   * `programFor`.
   */
  readonly load: () => Promise<(program: Command, programFor: (words: readonly string[]) => Promise<Command>) => void>
}

/** Every command, in the order of `fulcrum --help`. A new one is a file in `commands/` and an entry here. */
export const commandList: readonly ListedCommand[] = [
  {
    name: 'init',
    summary: 'Write a sweep file to start from',
    load: async () => (await import('./commands/init.ts')).addInit,
  },
  {
    name: 'validate',
    summary: 'Check sweep files',
    load: async () => (await import('./commands/validate.ts')).addValidate,
  },
  {
    name: 'plan',
    summary: 'Show what a sweep measures, in which order, and how long it takes',
    load: async () => (await import('./commands/plan.ts')).addPlan,
  },
  {
    name: 'run',
    summary: 'Measure a sweep and write its report',
    load: async () => (await import('./commands/run.ts')).addRun,
  },
  {
    name: 'resume',
    summary: 'Continue an unfinished run',
    load: async () => (await import('./commands/resume.ts')).addResume,
  },
  {
    name: 'status',
    summary: 'Show the progress of a run',
    load: async () => (await import('./commands/status.ts')).addStatus,
  },
  {
    name: 'report',
    summary: 'Rebuild the report of a run',
    load: async () => (await import('./commands/report.ts')).addReport,
  },
  {
    name: 'tune',
    summary: 'Recommend a deployment for each workload',
    load: async () => (await import('./commands/tune.ts')).addTune,
  },
  {
    name: 'verify',
    summary: 'Measure a recommended deployment again and check whether its figures hold',
    load: async () => (await import('./commands/verify.ts')).addVerify,
  },
  {
    name: 'twin',
    summary: 'Fit a simulated deployment to a run and predict other points',
    load: async () => (await import('./commands/twin.ts')).addTwin,
  },
  {
    name: 'capacity',
    summary: 'Plan the GPUs and nodes for your traffic under an SLO',
    load: async () => (await import('./commands/capacity.ts')).addCapacity,
  },
  {
    name: 'export',
    summary: 'Export the points of a run for other tools',
    load: async () => (await import('./commands/export.ts')).addExport,
  },
  {
    name: 'compare',
    summary: 'Compare runs point by point and test gates',
    load: async () => (await import('./commands/compare.ts')).addCompare,
  },
  {
    name: 'comment',
    summary: 'Print a comparison as a pull request comment that replaces the last one',
    load: async () => (await import('./commands/comment.ts')).addComment,
  },
  {
    name: 'overlay',
    summary: 'Draw the frontiers of several runs on one page',
    load: async () => (await import('./commands/overlay.ts')).addOverlay,
  },
  {
    name: 'baseline',
    summary: 'Set or show the run that later runs are compared with',
    load: async () => (await import('./commands/baseline.ts')).addBaseline,
  },
  {
    name: 'history',
    summary: 'Show how the figures of a sweep change across its runs',
    load: async () => (await import('./commands/history.ts')).addHistory,
  },
  {
    name: 'import',
    summary: 'Turn results of other load generators into a run',
    load: async () => (await import('./commands/import.ts')).addImport,
  },
  {
    name: 'serve',
    summary: 'Serve the results as a local, read-only site',
    load: async () => (await import('./commands/serve.ts')).addServe,
  },
  {
    name: 'push',
    summary: 'Upload a run to a site started with fulcrum serve',
    load: async () => (await import('./commands/push.ts')).addPush,
  },
  {
    name: 'crosscheck',
    summary: 'Measure one point with several load generators and compare them',
    load: async () => (await import('./commands/crosscheck.ts')).addCrosscheck,
  },
  {
    name: 'doctor',
    summary: 'Check that this machine and the nodes have what a sweep needs',
    load: async () => (await import('./commands/doctor.ts')).addDoctor,
  },
  {
    name: 'leftovers',
    summary: 'List or end processes and Slurm jobs that a killed Fulcrum left behind',
    load: async () => (await import('./commands/leftovers.ts')).addLeftovers,
  },
  {
    name: 'completion',
    summary: 'Print a script that completes commands, runs and points in a shell',
    load: async () => (await import('./commands/completion.ts')).addCompletion,
  },
  {
    name: 'complete',
    summary: 'Print what can follow the words of a command line',
    hidden: true,
    load: async () => (await import('./commands/completion.ts')).addComplete,
  },
  {
    name: 'shard',
    summary: 'Send load as a coordinator says',
    hidden: true,
    load: async () => (await import('./commands/shard.ts')).addShard,
  },
]
