/* Pareto fronts of points in memory and of points that stream by, and the best choices of points in memory.
 *
 * a dominates b when a is no worse in every objective and strictly better in one.  A front is the set of points that
 * no other point dominates; equal points do not dominate each other.  Values are compared as the raw doubles they are
 * (-0.0 equals 0.0); nothing is scaled, rounded or summed to decide dominance.  NaN and infinities are refused with an
 * error that names the point and the objective.
 *
 * Every result is a function of the points alone: the same bytes for any number of threads, any instruction set, any
 * order of insertion, any tree of merges.
 *
 * Status of all functions: ES_OK; ES_ERUNTIME for a value that is not finite, too many points or no memory; ES_EUSAGE
 * for arguments out of range (number of objectives, uncertainty, epsilon, reference).  On failure results are
 * untouched.
 *
 * Thread-safety: functions without an es_archive only read their arguments and may run concurrently.  An es_archive
 * may be read (const functions) by many threads while none modifies it.
 */
#ifndef EDGESWEEP_PARETO_H
#define EDGESWEEP_PARETO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/error.h>

enum { ES_MAX_OBJECTIVES = 16 };

typedef enum es_direction { ES_MINIMIZE = 0, ES_MAXIMIZE = 1 } es_direction;

/* What to keep of several equal points. */
typedef enum es_ties {
    ES_TIES_ALL = 0,  /* every one of them */
    ES_TIES_FIRST = 1 /* the one with the lowest index, in each group */
} es_ties;

/* A table of points, borrowed for the call.  Value of objective k at point i: column[k][i * stride].  Structure of
 * arrays: stride 1 (0 means 1).  Row-major rows of w doubles: column[k] = rows + k, stride = w. */
typedef struct es_points {
    size_t n;                      /* points, below 2^31 - 1 */
    unsigned d;                    /* objectives, 1 to ES_MAX_OBJECTIVES */
    const double *const *column;   /* d pointers */
    size_t stride;                 /* in doubles, between neighbours of one column */
    const es_direction *direction; /* d directions; NULL: all minimised */
    const uint32_t *group;         /* n group ids, any values: one front per group; NULL: one group */
    const char *const *name;       /* d objective names for messages; NULL: "objective 1" and so on */
} es_points;

/* Point indices, ascending where nothing else is said.  The caller owns `index` and releases it with es_index_free; it is
 * NULL when count is 0. */
typedef struct es_index {
    uint64_t *index;
    size_t count;
} es_index;

void es_index_free(es_index *list);

/* The front of each group, together in one ascending list.  threads: 0 takes the OpenMP default; small inputs run on
 * fewer.  Memory beside the points: 4 bytes per point; 4 d + 30 bytes, and 24 more per further thread, per point that
 * survives the filters by strong points and by the front of a sample (a few per cent; all, when most points are on the
 * front); 8 d + 8 bytes per distinct vector of the front; with groups also one copy of the groups in work. */
es_status es_front(const es_points *points, es_ties ties, unsigned threads, es_index *front, es_errors *errors);

/* Non-dominated layers: rank[i] (n values, the caller's) is 1 on the front, 2 on the front of the rest, and so on up to
 * max_rank (0: no limit); 0 for points beyond max_rank.  Equal points share a rank.  Per group. */
es_status es_front_ranks(const es_points *points, uint32_t max_rank, unsigned threads, uint32_t *rank,
                         es_errors *errors);

/* ---- Measures of a set of points ----
 * `subset` holds `count` distinct point indices in any order, NULL means all n points (count is then ignored).  Group
 * ids are not looked at: pass the members of one front.  Points need not be mutually non-dominated. */

/* Crowding distance (Deb, Pratap, Agarwal, Meyarivan: A fast and elitist multiobjective genetic algorithm: NSGA-II,
 * IEEE Trans. Evol. Comput. 6(2), 2002, section III-B): the sum over objectives of the gap between the two neighbours
 * in that objective, divided by the range of the objective in the set.  Equal points count once and share their value
 * (Fortin and Parizeau, GECCO 2013); vectors that tie in an objective are neighbours in lexicographic order.  Points
 * with the smallest or largest value of an objective get infinity; an objective without range is left out; when no
 * objective has a range, all get infinity.  distance[j] (the caller's) belongs to subset[j]. */
es_status es_crowding(const es_points *points, const uint64_t *subset, size_t count, double *distance,
                      es_errors *errors);

/* The knee: the point farthest below the hyperplane through the extremes (Das: On characterizing the "knee" of the
 * Pareto curve, Structural Optimization 18, 1999; Branke, Deb, Dierolf, Osswald, PPSN VIII, 2004).  Each objective is
 * normalised to z = 0 at the best and 1 at the worst value of the set (no range: z = 0); the hyperplane is
 * z_1 + ... + z_d = 1, which holds the points that are worst in one objective and best in all others: with d = 2
 * exactly the two ends of the front.  The knee has the smallest sum of z; ties go to the lexicographically best vector,
 * then to the lowest index.  An empty set is ES_EUSAGE. */
es_status es_knee(const es_points *points, const uint64_t *subset, size_t count, uint64_t *knee, es_errors *errors);

/* Exact hypervolume: the measure of the region that the set dominates and that dominates `reference` (d values in the
 * units of the points; for a maximised objective a value below the interesting ones).  Points that are not strictly
 * better than the reference in every objective add nothing.  d = 2 and 3 take O(n log n) (Beume et al., IEEE Trans.
 * Evol. Comput. 13(5), 2009), d = 4 O(n^2) at worst (Guerreiro and Fonseca, IEEE Trans. Evol. Comput. 22(3), 2018), d
 * >= 5 is exponential in d at worst (WFG: While, Bradstreet, Barone, IEEE Trans. Evol. Comput. 16(1), 2012). */
es_status es_hypervolume(const es_points *points, const uint64_t *subset, size_t count, const double *reference,
                         double *volume, es_errors *errors);

/* Additive epsilon boxes (Laumanns, Thiele, Deb, Zitzler: Combining convergence and diversity in evolutionary
 * multiobjective optimization, Evol. Comput. 10(3), 2002).  With every objective turned to minimisation, the box of a
 * point is floor(value / epsilon[k]) per objective (epsilon 0: the value itself).  Kept are the boxes that no other
 * occupied box of the group dominates, each with one representative: of the non-dominated points inside, the one
 * nearest to the best corner of the box (Euclidean, in units of epsilon, over objectives with epsilon > 0); ties go to
 * the lexicographically best vector, then to the lowest index.  epsilon: d finite values >= 0.  A quotient beyond the
 * range of double is ES_EUSAGE. */
es_status es_front_epsilon(const es_points *points, const double *epsilon, unsigned threads, es_index *front,
                           es_errors *errors);

/* How a point fares when values are uncertain. */
typedef enum es_robust {
    ES_ROBUST_NO = 0,       /* dominated in every outcome */
    ES_ROBUST_POSSIBLE = 1, /* non-dominated in some outcomes, dominated in others */
    ES_ROBUST_CERTAIN = 2   /* non-dominated in every outcome */
} es_robust;

/* How far the values v of an objective may be off: anywhere in [low, high], where the point has them, else in
 * [v - relative|v|, v + relative|v|].  relative = 0.1 means 10%, 0 that the values are exact.  An end on the wrong side of v,
 * or NaN, is v itself. */
typedef struct es_uncertainty {
    double relative;          /* in [0, 1) */
    const double *low, *high; /* of each point, as far apart as its values, in their unit; NULL: relative */
} es_uncertainty;

/* Robustness to uncertainty.  An *outcome* gives every point its own value of every objective anywhere in its interval,
 * independently of all other points and objectives (end points computed in double).  Let best(x) and worst(x) be
 * the vectors of the best and worst ends of the intervals of point x.  Since intervals are independent, the extremes
 * decide:
 *     certain   no other point b has best(b) dominating worst(a)
 *     possible  no other point b has worst(b) dominating best(a), and a is not certain
 * A point's own error counts (worst(a) is compared) but never against itself.  Equal points are separate points with
 * separate errors: where an interval is wider than a point they can overtake each other, so neither is certain.
 * When all values are exact the certain points are the front and none is possible.  Every point of the front is certain
 * or possible.  uncertainty: d of them.  robust: n values, the caller's.  Per group. */
es_status es_front_robust(const es_points *points, const es_uncertainty *uncertainty, unsigned threads, uint8_t *robust,
                          es_errors *errors);

/* ---- Best choices ----
 * What [best] of a sweep and `edgesweep best` answer: which format per device, say.  In each group every picked value is
 * represented by its best row, and the best of these wins: objectives are compared in turn, of equal rows the lower index is
 * better. */

/* Who competes within a group; arrays of n ids, any values, borrowed for the call. */
typedef struct es_contest {
    const uint32_t *pick; /* rows of one id stand for one choice; NULL: each row for its own */
    const uint32_t *kin;  /* rows of one id may tie (ids of models); NULL: none */
    /* How near, in units of the first objective, makes a tie that the other objectives break: for quality ES_QUALITY_TIE,
     * within which formats of a model cannot be told; 0: none. */
    double margin;
    size_t top; /* choices per group, 0: 1 */
} es_contest;

/* Lists the winner of each group, with `top` the next best behind it: groups in the order in which they first appear, in each
 * from the best choice on.  Rows that lack a value are the caller's to leave out: NaN is refused.  ES_EUSAGE for a negative
 * margin.  Memory beside the points: about 100 + 8 d bytes per picked value and group.  One thread. */
es_status es_best_choices(const es_points *points, const es_contest *contest, es_index *rows, es_errors *errors);

/* ---- Archive: the front of a stream ----
 * Holds the distinct non-dominated vectors seen so far, each with the lowest index that had it.  Ties beyond the first
 * are not stored; a second pass over the stream finds them with es_archive_match.  Memory: O(d) per distinct vector of
 * the front, nothing per point seen.  One archive serves one group. */
typedef struct es_archive es_archive;

/* Points of the stream, borrowed for the call.  Point i has index index[i], or first_index + i when index is NULL.
 * Bit k of `uniform` says that column[k] holds a single value that all n points share. */
typedef struct es_batch {
    size_t n;
    uint64_t first_index;
    const uint64_t *index;
    const double *const *column;
    uint32_t uniform;
} es_batch;

/* Where the last query was answered; zero-initialise, one per thread.  Only saves time. */
typedef struct es_archive_hint {
    uint32_t block, tier;
} es_archive_hint;

/* direction: d values, copied; NULL: all minimised.  On success the caller owns *archive. */
es_status es_archive_new(unsigned d, const es_direction *direction, es_archive **archive, es_errors *errors);
void es_archive_free(es_archive *archive);  /* NULL is fine */
void es_archive_clear(es_archive *archive); /* empties it, keeps the memory */

/* Offers n points; cheap for those that the archive already dominates.  Any n; tiles of 256 to 4096 points are best.  A
 * batch with a value that is not finite is refused whole and leaves the archive as it was. */
es_status es_archive_insert(es_archive *archive, const es_batch *batch, es_errors *errors);

/* Adds all that `from` (same d, same directions, else ES_EUSAGE) holds; `from` is unchanged. */
es_status es_archive_merge(es_archive *archive, const es_archive *from, es_errors *errors);

/* Tests of an ideal point: ideal[k] is the best value of objective k among points yet to come (d values, the units of
 * the points; a single point is its own ideal).  False is always safe.
 * dominates: a stored vector dominates the ideal, so all those points are off the front.
 * covers: that, or a stored vector equals the ideal and has an index <= first_index, the lowest index among those
 * points: inserting them would change nothing.  Ties may be among them. */
bool es_archive_dominates(const es_archive *archive, const double *ideal, es_archive_hint *hint);
bool es_archive_covers(const es_archive *archive, const double *ideal, uint64_t first_index, es_archive_hint *hint);

/* Indexes pending vectors.  es_archive_insert does this by itself when enough of them wait; call it after seeding, before
 * handing the archive to readers. */
es_status es_archive_settle(es_archive *archive, es_errors *errors);

/* Settles, orders by ascending index and builds the hash.  Until the next insert, merge or clear the functions below
 * may be called; inserting further is fine and needs another finish. */
es_status es_archive_finish(es_archive *archive, es_errors *errors);

unsigned es_archive_d(const es_archive *archive);
size_t es_archive_count(const es_archive *archive);                     /* distinct vectors */
const uint64_t *es_archive_index(const es_archive *archive);            /* count ascending indices; the archive's */
const double *es_archive_column(const es_archive *archive, unsigned k); /* count values, zeros as +0.0; the archive's */

/* Position of the vector `value` (d values) in the finished archive, or SIZE_MAX when it is not on the front. */
size_t es_archive_find(const es_archive *archive, const double *value);

/* Second pass: of the batch's points, those whose vector is on the front of the finished archive.  Writes their
 * offsets in the batch, ascending, to `offset`, and the position of their vector to `position` (either may be NULL;
 * room for batch->n each); returns their number.  NaN never matches.  Skips whole tiles by their ideal point. */
size_t es_archive_match(const es_archive *archive, const es_batch *batch, es_archive_hint *hint, uint32_t *offset,
                        uint32_t *position);

#endif
