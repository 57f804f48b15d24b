import { array, record, string } from '../../../schema/index.ts';
import { headerName, tokenHeader } from './shared.ts';

const headerMapping = record({
  header: string({ ...headerName, required: true, description: 'Header name.' }),
  path: array(string(), { required: true, len_min: 1, description: 'Claim path, outermost key first.' }),
});

/** Headers of the request to the service. */
export const upstreamHeaderFields = {
  upstream_headers_claims: array(string(), {
    deprecated: 'please use upstream_headers instead',
    description: 'Top-level claim names copied into upstream request headers; paired by index with the names list.',
  }),
  upstream_headers_names: array(string(headerName), {
    deprecated: 'please use upstream_headers instead',
    description: 'Header names for upstream_headers_claims, same index.',
  }),
  upstream_access_token_header: string({
    ...tokenHeader,
    default: 'authorization:bearer',
    nullable: true,
    description:
      'Header of the upstream request that receives the access token; the form name:bearer adds the Bearer scheme.',
  }),
  upstream_access_token_jwk_header: string({
    ...headerName,
    description: 'Header of the upstream request that receives the JWK that verified the access token.',
  }),
  upstream_id_token_header: string({
    unsupported: true,
    description: 'Header of the upstream request that receives the ID token.',
  }),
  upstream_id_token_jwk_header: string({
    unsupported: true,
    description: 'Header of the upstream request that receives the JWK that verified the ID token.',
  }),
  upstream_refresh_token_header: string({
    unsupported: true,
    description: 'Header of the upstream request that receives the refresh token.',
  }),
  upstream_user_info_header: string({
    unsupported: true,
    description: 'Header of the upstream request that receives the userinfo document.',
  }),
  upstream_user_info_jwt_header: string({
    unsupported: true,
    description: 'Header of the upstream request that receives the userinfo JWT when the response was a JWT.',
  }),
  upstream_introspection_header: string({
    unsupported: true,
    description: 'Header of the upstream request that receives the introspection document.',
  }),
  upstream_introspection_jwt_header: string({
    unsupported: true,
    description: 'Header of the upstream request that receives the introspection JWT when the response was a JWT.',
  }),
  upstream_session_id_header: string({
    unsupported: true,
    description: 'Header of the upstream request that receives the session id.',
  }),
  upstream_headers: array(headerMapping, {
    since: '3.14',
    description: 'Claim-path to header mappings for the upstream request; nested claims allowed.',
  }),
};

/** Headers of the answer to the client. */
export const downstreamHeaderFields = {
  downstream_headers_claims: array(string(), {
    deprecated: 'please use downstream_headers instead',
    description: 'Top-level claim names copied into client response headers; paired by index with the names list.',
  }),
  downstream_headers_names: array(string(headerName), {
    deprecated: 'please use downstream_headers instead',
    description: 'Header names for downstream_headers_claims, same index.',
  }),
  downstream_access_token_header: string({
    ...tokenHeader,
    description:
      'Header of the client response that receives the access token; the form name:bearer adds the Bearer scheme.',
  }),
  downstream_access_token_jwk_header: string({
    ...headerName,
    description: 'Header of the client response that receives the JWK that verified the access token.',
  }),
  downstream_id_token_header: string({
    unsupported: true,
    description: 'Header of the client response that receives the ID token.',
  }),
  downstream_id_token_jwk_header: string({
    unsupported: true,
    description: 'Header of the client response that receives the JWK that verified the ID token.',
  }),
  downstream_refresh_token_header: string({
    unsupported: true,
    description: 'Header of the client response that receives the refresh token.',
  }),
  downstream_user_info_header: string({
    unsupported: true,
    description: 'Header of the client response that receives the userinfo document.',
  }),
  downstream_user_info_jwt_header: string({
    unsupported: true,
    description: 'Header of the client response that receives the userinfo JWT when the response was a JWT.',
  }),
  downstream_introspection_header: string({
    unsupported: true,
    description: 'Header of the client response that receives the introspection document.',
  }),
  downstream_introspection_jwt_header: string({
    unsupported: true,
    description: 'Header of the client response that receives the introspection JWT when the response was a JWT.',
  }),
  downstream_session_id_header: string({
    unsupported: true,
    description: 'Header of the client response that receives the session id.',
  }),
  downstream_headers: array(headerMapping, {
    since: '3.14',
    description: 'Claim-path to header mappings for the client response; nested claims allowed.',
  }),
};
