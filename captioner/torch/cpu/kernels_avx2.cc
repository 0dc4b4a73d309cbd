#define REELGRAPH_LANES 8
#define REELGRAPH_TILE_ROWS 6
#define REELGRAPH_KERNELS kAvx2Kernels
#define REELGRAPH_KERNELS_NAME "avx2"
#include "captioner/torch/cpu/kernels_impl.h"
