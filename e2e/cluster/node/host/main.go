// Command host holds every program that a node or a test runs outside a pod, in one binary chosen by the name it is
// called by. One link instead of nine: the programs share most of their code, and so most of the build's time and size.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	helm "helm.sh/helm/v4/pkg/cmd"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// daemon runs a Kubernetes component the way its own main function does: logs are flushed, errors are printed once.
func daemon(build func() *cobra.Command) func() int {
	return func() int { return cli.Run(build()) }
}

func runEtcd() int {
	etcdmain.Main(os.Args) // ends the process itself
	return 0
}

func runKubectl() int {
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func runHelm() int {
	command, err := helm.NewRootCmd(os.Stdout, os.Args[1:], helm.SetupLogging)
	if err == nil {
		err = command.Execute()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		return 1
	}
	return 0
}

func main() {
	programs := map[string]func() int{
		"etcd":                    runEtcd,
		"helm":                    runHelm,
		"kubectl":                 runKubectl,
		"kube-apiserver":          daemon(apiserver.NewAPIServerCommand),
		"kube-controller-manager": daemon(controllers.NewControllerManagerCommand),
		"kube-proxy":              daemon(proxy.NewProxyCommand),
		// The scheduler takes options for out-of-tree plugins: called with none, not with a nil one, which it would call.
		"kube-scheduler": daemon(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
		"kubelet":        daemon(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) }),
	}
	called := filepath.Base(os.Args[0])
	run, known := programs[called]
	if !known {
		names := make([]string, 0, len(programs))
		for name := range programs {
			names = append(names, name)
		}
		slices.Sort(names)
		fmt.Fprintf(os.Stderr, "%s: call this binary by one of these names (a symlink will do): %s\n", called, strings.Join(names, ", "))
		os.Exit(2)
	}
	os.Exit(run())
}
