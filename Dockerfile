# syntax=docker/dockerfile:1
# One image per app: docker build --target config-api|resolver|standalone .
# Apps run as the user node; no image holds sources, tests or development dependencies.

FROM node:24-bookworm-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json ./

FROM manifests AS build
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && rm -rf dist/test dist/bench dist/scripts/demo dist/scripts/stack dist/scripts/*.js*

# Only optional packages bring PostgreSQL's binaries: the two server apps do without.
FROM manifests AS server-modules
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM manifests AS standalone-modules
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim AS runtime
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
COPY --from=build /app/dist ./dist

FROM runtime AS config-api
COPY --from=server-modules /app/node_modules ./node_modules
USER node
ENV LATCHKEY_HTTP_HOST=0.0.0.0
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s CMD ["node", "dist/scripts/deploy/check-health.js", "8080"]
CMD ["node", "dist/apps/config-api/src/main.js"]

FROM runtime AS resolver
COPY --from=server-modules /app/node_modules ./node_modules
USER node
ENV LATCHKEY_GRPC_HOST=0.0.0.0 LATCHKEY_RESOLVER_HTTP_HOST=0.0.0.0
EXPOSE 50051 8081
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s CMD ["node", "dist/scripts/deploy/check-health.js", "8081"]
CMD ["node", "--max-semi-space-size=8", "--max-old-space-size=1536", "--single-threaded-gc", "dist/apps/resolver/src/main.js"]

# Everything in one container, PostgreSQL included: docker run --init -v latchkey:/data \
#   -p 127.0.0.1:8080:8080 -p 127.0.0.1:50051:50051 …
FROM runtime AS standalone
COPY --from=standalone-modules /app/node_modules ./node_modules
RUN install -d -o node -g node -m 0700 /data
USER node
ENV LATCHKEY_HTTP_HOST=0.0.0.0 LATCHKEY_GRPC_HOST=0.0.0.0 LATCHKEY_DATA_DIR=/data
VOLUME /data
EXPOSE 8080 50051
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s CMD ["node", "dist/scripts/deploy/check-health.js", "8080"]
CMD ["node", "dist/apps/standalone/src/main.js"]
