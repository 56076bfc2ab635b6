/* Help on file formats: `help sweep`, `help catalogs`. */
#ifndef ES_CLI_TOPICS_H
#define ES_CLI_TOPICS_H

#include <stdio.h>

typedef struct es_topic {
    const char *name, *help;
    const char *details;      /* as es_command.details; NULL when `print` does it all */
    void (*print)(FILE *out); /* after the details; may be NULL */
} es_topic;

extern const es_topic es_topics[];
extern const size_t es_topic_count;

#endif
