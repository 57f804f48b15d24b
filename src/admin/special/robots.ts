import type { AdminRoute } from '../router.ts';

/** `GET /robots.txt`: nothing here is for crawlers. */
export const robotsRoute: AdminRoute = {
  path: '/robots.txt',
  methods: { GET: () => ({ status: 200, text: 'User-agent: *\nDisallow: /\n' }) },
};
