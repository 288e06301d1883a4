/**
 * Where the C library of a process lies, by its own memory map. Opening exactly that file gives the library that is
 * already loaded; a second C library in one process would break both.
 * @param maps the text of `/proc/self/maps`
 */
export function loadedLibcPath(maps: string): string | undefined {
  const match = /\s(\/\S*\/(?:libc\.so\.6|libc-2\.\d+\.so|ld-musl-[\w-]+\.so\.1|libc\.musl-[\w-]+\.so\.1|libc\.so))$/m;
  return match.exec(maps)?.[1];
}
