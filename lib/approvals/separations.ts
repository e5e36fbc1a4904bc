/** Whom a policy may keep from deciding on a request. */
export const separations = ['requester', 'version-author', 'run-owner', 'evidence-author'] as const
