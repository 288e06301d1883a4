// Files that Bun embeds; the import gives a path that `node:fs` can read, in a compiled executable too.
declare module "*/native/bin/shim-x64" {
  const path: string;
  // biome-ignore lint/style/noDefaultExport: the form in which the runtime gives an embedded file
  export default path;
}
declare module "*/native/bin/shim-arm64" {
  const path: string;
  // biome-ignore lint/style/noDefaultExport: the form in which the runtime gives an embedded file
  export default path;
}
