/* How often tests with random cases try: a sanitizer makes each case slow and looks for mistakes that few cases show. */
#ifndef ROUNDS_H
#define ROUNDS_H

#ifdef ES_SLOW_BUILD
enum { SLOW_BUILD = 1 };
#else
enum { SLOW_BUILD = 0 };
#endif

/* Of a test that tries `usual` cases, a fifth where the build is slow. */
#define ROUNDS(usual) (SLOW_BUILD ? ((usual) + 4) / 5 : (usual))

#endif
