/** Why a file or directory could not be used, as half a sentence for a person. */
export function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EACCES" || code === "EPERM") return "this user may not write there";
  if (code === "ENOENT") return "it is not there";
  if (code === "EISDIR") return "it is a directory";
  if (code === "EROFS") return "the file system is read-only";
  if (code === "ENOSPC") return "there is no room on the disk";
  if (code === "ENOTDIR" || code === "EEXIST") return "a part of the path is not a directory";
  return error instanceof Error ? error.message : String(error);
}
