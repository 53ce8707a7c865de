/** The same for the index that the build writes and for the browser that reads it. */
export const searchOptions = {
  fields: ['title', 'page', 'text'],
  storeFields: ['address', 'page', 'title'],
  // Names such as NATS_URL and grid.points are found whole and by their parts.
  tokenize: (text) =>
    [...text.split(/[\s()[\]{},;:"'`|·]+/), ...text.split(/[^\p{L}\p{N}]+/u)].filter((word) => word !== ''),
  searchOptions: { boost: { title: 4, page: 2 }, prefix: true, fuzzy: 0.15, combineWith: 'AND' },
};
