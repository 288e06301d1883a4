import type { Route } from "./route.ts";
import { alertRoutes } from "./routes/alert-routes.ts";
import { configurationRoutes } from "./routes/configuration-routes.ts";
import { daemonRoutes } from "./routes/daemon-routes.ts";
import { eventRoutes } from "./routes/event-routes.ts";
import { logRoutes } from "./routes/log-routes.ts";
import { metricRoutes } from "./routes/metric-routes.ts";
import { orderRoutes } from "./routes/order-routes.ts";
import { statusRoutes } from "./routes/status-routes.ts";

/** Every route of the API. */
export function routeTable(): readonly Route[] {
  return [
    ...statusRoutes(),
    ...orderRoutes(),
    ...configurationRoutes(),
    ...logRoutes(),
    ...eventRoutes(),
    ...alertRoutes(),
    ...metricRoutes(),
    ...daemonRoutes(),
  ];
}
