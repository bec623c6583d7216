// Command pod holds the programs that the test cluster runs inside pods: cluster DNS, the GPU device plugin, and a
// small probe. They are apart from the host's programs so that the image every node imports stays small.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
)

func main() {
	var err error
	switch called := filepath.Base(os.Args[0]); called {
	case "coredns":
		coremain.Run()
	case "gpu-plugin":
		err = runGPUPlugin()
	case "probe":
		err = runProbe(os.Args[1:])
	default:
		err = fmt.Errorf("%s: call this binary as coredns, gpu-plugin or probe", called)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
