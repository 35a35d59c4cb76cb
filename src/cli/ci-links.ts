import type { CommentLinks } from '../commands/comment.ts'

/** Addresses of the repository and the workflow run from the environment of GitHub Actions; empty elsewhere. */
export function ciLinks(env: NodeJS.ProcessEnv): Pick<CommentLinks, 'repository' | 'run'> {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name, GITHUB_RUN_ID: id } = env
  if (env.GITHUB_ACTIONS === 'true' && server && name) {
    const repository = `${server}/${name}`
    return { repository, ...(id ? { run: `${repository}/actions/runs/${id}` } : {}) }
  }
  const { CI_PROJECT_URL: project, CI_JOB_URL: job } = env
  if (env.GITLAB_CI !== 'true' || !project) return {}
  return { repository: project, ...(job ? { run: job } : {}) }
}

/** The option of commands whose pages link revisions. */
export const repositoryOption = [
  '--repository-url <url>',
  'Address of the repository, to link revisions (default: from the environment of GitHub Actions or GitLab)',
] as const
