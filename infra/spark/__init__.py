"""What Spark needs around it: Java, and a cluster to try it on."""
