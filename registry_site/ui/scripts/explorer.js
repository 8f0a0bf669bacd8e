// Starts the query explorer on our own GraphQL address. Its first query is in the page, so that it can be read without scripts too.
(() => {
  const place = document.getElementById("explorer");
  const first = document.getElementById("first-query").textContent.trim();
  const fetcher = GraphiQL.createFetcher({ url: place.dataset.address });
  const explorer = React.createElement(GraphiQL, { fetcher, defaultQuery: first, shouldPersistHeaders: false, forcedTheme: "light" });
  ReactDOM.createRoot(place).render(explorer);
})();
