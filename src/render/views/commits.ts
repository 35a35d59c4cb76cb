/**
 * URL of a repository's commits, up to the revision. GitLab serves them below `/-/`; GitHub, Gitea and Forgejo do not.
 * @param repository such as https://github.com/owner/name
 */
export function commitsOf(repository: string): string {
  const page = repository.replace(/\/+$/, '')
  return /(^|\.)gitlab\./.test(new URL(page).hostname) ? `${page}/-/commit/` : `${page}/commit/`
}
