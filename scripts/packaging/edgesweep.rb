# Homebrew formula.  Expected to work, not tried: no machine with Homebrew takes part in the tests.
class Edgesweep < Formula
  desc "Sweeps of language models, quantizations and edge devices"
  homepage "https://arxiv.org/abs/2506.09061"
  url "file:///dev/null" # the archive that `make dist` makes
  version "0.1.0"
  license "MIT"

  depends_on "gcc" # OpenMP
  depends_on "jansson"
  depends_on "libcsv"
  depends_on "xxhash"
  depends_on "zstd"

  def install
    gcc = Formula["gcc"]
    system "make", "CC=#{gcc.opt_bin}/gcc-#{gcc.version.major}", "OS=posix", "PREFIX=#{prefix}", "install"
  end

  test do
    assert_match "edgesweep", shell_output("#{bin}/edgesweep --version")
  end
end
