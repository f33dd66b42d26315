// What scikit-learn 1.2.1 and mpmath 1.2.1 say. Written by reference.py.
#pragma once

#include <limits>
#include <vector>

namespace nascent::gp::reference {

inline constexpr double kInactive = std::numeric_limits<double>::quiet_NaN();
// log of: signal and noise variance, four length scales, rho.
inline const std::vector<double> kTheta{0.5306282510621704,  -3.506557897319982,  -0.916290731874155,
                                        0.26236426446749106, -0.2231435513142097, -0.10536051565782628,
                                        -0.5108256237659907};
// Rows of two numbers, a number that may be inactive, and a categorical.
inline const std::vector<double> kTrain{
    0.5118, 0.9505, 0.1442,    0.0, 0.9486, 0.3118, kInactive, -1.0, 0.8277, 0.4092, 0.5496, 1.0,
    0.0276, 0.7535, 0.5381,    1.0, 0.3297, 0.7884, 0.3032,    2.0,  0.4535, 0.134,  0.4031, 0.0,
    0.2035, 0.2623, kInactive, 0.0, 0.2804, 0.4852, 0.9807,    -1.0, 0.9617, 0.7248, 0.5412, 0.0,
    0.2769, 0.1607, 0.9699,    1.0, 0.5161, 0.1159, kInactive, 2.0,  0.7767, 0.613,  0.9173, 2.0};
inline const std::vector<double> kTest{0.2616, 0.2985, kInactive, -1.0,      0.0919, 0.6001, kInactive,
                                       1.0,    0.1879, 0.0551,    kInactive, 2.0,    0.6574, 0.5623,
                                       0.1501, 2.0,    0.4326,    0.6693,    0.4228, 2.0};
// Values at kTrain; mean and covariance [5][5] at kTest.
inline const std::vector<double> kValues{2.0409, -2.5557, 0.4181,  -0.5678, -0.4526, -0.2156,
                                         -2.02,  -0.2319, -0.8652, 3.323,   0.2258,  -0.3526};
inline const std::vector<double> kMean{-1.297859112980703, -0.32364003238019623, -0.5468186247369172,
                                       0.4588915819097489, -0.35557385702662514};
inline const std::vector<double> kCovariance{
    0.9972228064443639,    0.26839633197214585,   0.20000442393882456,   -0.02045245658817066,  -0.012825947675113247,
    0.26839633197214585,   1.1028526723696852,    0.22845725344824663,   0.0009801645490713773, -0.013738103303896076,
    0.20000442393882456,   0.22845725344824663,   0.7995286481802519,    -0.053328252860245284, -0.01563031311917029,
    -0.02045245658817066,  0.0009801645490713773, -0.053328252860245284, 0.9373165178301399,    0.13066288966448492,
    -0.012825947675113247, -0.013738103303896076, -0.01563031311917029,  0.13066288966448492,   0.30673689814811733};
inline constexpr double kLogMarginalLikelihood = -26.24178595319885;
// z, and log(phi(z) + z Phi(z)) with 60 digits.
inline const std::vector<double> kImprovementAt{-1000000.0, -300.0, -40.0, -25.01, -24.99, -12.0, -3.0,
                                                -1.01,      -0.99,  0.0,   1.0,    5.0,    40.0};
inline const std::vector<double> kLogImprovement{
    -500000000028.55,    -45012.32653681455, -808.29856835662,   -320.11230962614206, -319.6107172213737,
    -77.90910054500735,  -7.869686059603029, -2.504199857480257, -2.4661143916690493, -0.9189385332046728,
    0.08002621884930694, 1.6094379231264313, 3.6888794541139363};

}  // namespace nascent::gp::reference
