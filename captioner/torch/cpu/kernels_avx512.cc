#define REELGRAPH_LANES 16
#define REELGRAPH_TILE_ROWS 12
#define REELGRAPH_KERNELS kAvx512Kernels
#define REELGRAPH_KERNELS_NAME "avx512"
#include "captioner/torch/cpu/kernels_impl.h"
